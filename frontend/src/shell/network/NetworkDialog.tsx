import { type FormEvent, useState } from "react";
import { useKeyNames, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog } from "../../ui/Dialog";
import { SwitchField, TextField } from "../../ui/Field";
import { keyLabel } from "../../ui/keys";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { useSession } from "../session";
import { toField } from "../toField";
import { ConnectionList } from "./ConnectionList";
import { ConnectionTest } from "./ConnectionTest";
import { helpWords } from "./helpWords";

export function NetworkDialog({ onClose }: { onClose: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const network = useLive(bridge, "network", () => bridge.api.Network(), [
		trigger("network"),
		trigger("spaces"),
	]);
	const { value, error } = network;
	const change = async (call: Promise<void>) => {
		try {
			await call;
		} catch (reason) {
			const text = t("network.changeFailed", { reason: errorWords(reason, t) });
			notify(notices, { kind: "problem", text });
		}
		network.refresh();
		refresh();
	};
	return (
		<Dialog title={t("network.title")} closeLabel={t("app.close")} onClose={onClose} wide>
			<p className={styles.intro}>{t("network.intro")}</p>
			{error && <Problem>{errorWords(error, t)}</Problem>}
			<SwitchField
				label={t("network.offline")}
				description={t("network.offlineHint")}
				selected={value?.offline ?? false}
				onChange={(offline) => change(bridge.api.SetOffline(offline))}
			/>
			<SwitchField
				label={t("network.frugal")}
				description={value?.spares ? t(`network.spares.${value.spares}`) : t("network.frugalHint")}
				selected={value?.frugal ?? false}
				onChange={(frugal) => change(bridge.api.SetFrugal(frugal))}
			/>
			<SwitchField
				label={t("network.help")}
				description={value ? helpWords(value, t) : t("network.helpHint")}
				selected={value?.helps ?? true}
				onChange={(on) => change(bridge.api.SetHelping(on))}
			/>
			<h3 className={styles.subhead}>{t("network.peers")}</h3>
			<ConnectionList />
			{!value?.offline && <ConnectionTest />}
			<h3 className={styles.subhead}>{t("network.addresses")}</h3>
			{value?.addresses.length === 0 && (
				<p className={styles.note}>
					{value.offline ? t("network.offlineAddresses") : t("network.noAddresses")}
				</p>
			)}
			<ul className={styles.list} aria-label={t("network.addresses")}>
				{value?.addresses.map((address) => (
					<AddressRow key={address} address={address} />
				))}
			</ul>
			{!value?.offline && <ConnectForm onConnected={network.refresh} />}
		</Dialog>
	);
}

function AddressRow({ address }: { address: string }) {
	const { t } = useTranslation();
	const { notices } = useSession();
	const names = useKeyNames();
	return (
		<li>
			<code className={`${styles.item} ${styles.mono}`} dir="ltr">
				{address}
			</code>
			<CopyButton
				compact
				text={address}
				label={t("network.copyAddress", { address })}
				doneLabel={t("app.copied")}
				spoken={t("network.addressCopied")}
				onFailed={() =>
					notify(notices, { kind: "problem", text: t("app.copyFailed", { keys: keyLabel("Mod-c", names) }) })
				}
			/>
		</li>
	);
}

function ConnectForm({ onConnected }: { onConnected: () => void }) {
	const { t } = useTranslation();
	const { bridge, notices } = useSession();
	const [address, setAddress] = useState("");
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		if (address.trim() === "") {
			setProblem(t("network.connectMissing"));
			toField(form);
			return;
		}
		setBusy(true);
		try {
			await bridge.api.Connect(address.trim());
			setAddress("");
			onConnected();
			notify(notices, { kind: "good", text: t("network.connectDone") });
		} catch (reason) {
			setProblem(errorWords(reason, t));
			toField(form);
		}
		setBusy(false);
	};
	return (
		<form className={styles.connect} onSubmit={submit} noValidate>
			<TextField
				label={t("network.connect")}
				description={t("network.connectHint")}
				value={address}
				onChange={(value) => {
					setAddress(value);
					setProblem(undefined);
				}}
				error={problem}
				autoComplete="off"
			/>
			<Button type="submit">{busy ? t("network.connecting") : t("network.connectButton")}</Button>
		</form>
	);
}
