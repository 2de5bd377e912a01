import { type FormEvent, useState } from "react";
import type { Network } from "../../bridge";
import { type TFunction, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { TextField } from "../../ui/Field";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { useSession } from "../session";
import { toField } from "../toField";
import { entered, wrongAddress } from "./bootstrapAddresses";

/** Which computers this one asks for members of spaces that are looked for widely. None comes with Parley. */
export function BootstrapForm() {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const network = useLive(bridge, "network", () => bridge.api.Network(), [trigger("network")]);
	const [typed, setTyped] = useState<string>();
	const [problem, setProblem] = useState<string>();
	const { value } = network;
	const text = typed ?? value?.bootstrap.join("\n") ?? "";
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		const addresses = entered(text);
		const wrong = wrongAddress(addresses);
		if (wrong !== undefined) {
			setProblem(t("bootstrap.wrong", { address: wrong }));
			toField(form);
			return;
		}
		try {
			await bridge.api.SetBootstrap(addresses);
			setTyped(undefined);
			network.refresh();
			notify(notices, {
				kind: "good",
				text: addresses.length > 0 ? t("bootstrap.saved") : t("bootstrap.savedNone"),
			});
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
		}
	};
	return (
		<form className={styles.connect} onSubmit={submit} noValidate>
			<TextField
				label={t("bootstrap.label")}
				description={t("bootstrap.hint")}
				lines={3}
				value={text}
				onChange={(next) => {
					setTyped(next);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="off"
			/>
			<Button type="submit">{t("bootstrap.save")}</Button>
			{value && <p role="status">{stateWords(value, t)}</p>}
		</form>
	);
}

function stateWords({ bootstrap, asking, answering }: Network, t: TFunction): string {
	if (bootstrap.length === 0) return t("bootstrap.none");
	if (!asking) return t("bootstrap.quiet");
	return answering > 0 ? t("bootstrap.answering", { count: answering }) : t("bootstrap.silent");
}
