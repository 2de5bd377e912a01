import { useState } from "react";
import type { Member, Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { looksAfter } from "../rights";
import { useSession } from "../session";
import styles from "./people.module.css";
import { confirmedWords, isolated, standingWords } from "./personWords";

/** What an official says of themselves, who has vouched for it, and a facilitator's way to do so. */
export function ConfirmStanding({ space, member }: { space: Space; member: Member }) {
	const { t } = useTranslation();
	const { bridge, notices, refresh } = useSession();
	const [busy, setBusy] = useState(false);
	const confirmed = member.confirmedBy !== undefined;
	const confirm = async () => {
		setBusy(true);
		try {
			await bridge.api.Confirm(space.id, member.device, !confirmed);
			const name = isolated(member.name);
			notify(notices, {
				kind: "good",
				text: confirmed ? t("person.unconfirmed", { name }) : t("person.confirmed", { name }),
			});
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
		refresh();
		setBusy(false);
	};
	return (
		<>
			<p>
				{t("people.standing", { standing: standingWords(member, t), whether: confirmedWords(member, t) })}
			</p>
			{looksAfter(space) && !member.you && (
				<>
					{!confirmed && <p className={styles.note}>{t("person.confirmHint")}</p>}
					<Button isPending={busy} onPress={confirm}>
						{confirmed ? t("person.unconfirm") : t("person.confirm")}
					</Button>
				</>
			)}
		</>
	);
}
