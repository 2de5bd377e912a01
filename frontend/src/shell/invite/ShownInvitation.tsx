import { Download, Plus } from "lucide-react";
import type { Invitation, Space } from "../../bridge";
import { useKeyNames, useLocale, useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import { keyLabel } from "../../ui/keys";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { QrPicture } from "../dialogs/QrPicture";
import { follow } from "../download";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import { endingWords, linkOf } from "./invitationWords";

interface ShownInvitationProps {
	space: Space;
	invitation: Invitation;
	another: () => void;
}

/** The code of an invitation, in every way that it can reach somebody. */
export function ShownInvitation({ space, invitation, another }: ShownInvitationProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, notices } = useSession();
	const names = useKeyNames();
	const announce = useAnnounce();
	const { code, role, uses, ask } = invitation;
	const copying = {
		doneLabel: t("app.copied"),
		onFailed: () =>
			notify(notices, {
				kind: "problem",
				text: t("app.copyFailed", { keys: keyLabel("Mod-c", names) }),
			}),
	};
	const save = async () => {
		try {
			const saved = await bridge.api.SaveInvitation(space.id, invitation.id);
			if (saved.url !== "") follow(saved.url);
			if (saved.url !== "" || saved.file !== "") announce(t("invite.fileSaved"));
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
	};
	const facts = [
		t("invite.for", { role: t(`role.${role}`), uses: t("invite.usesCount", { count: uses }) }),
		endingWords(invitation, t, locale),
		...(ask ? [t("invite.asks")] : []),
	];
	return (
		<>
			<p className={styles.intro}>{facts.join(" · ")}</p>
			<div className={styles.code}>
				<div className={styles.codeText}>
					<div className={styles.codeField}>
						{/* The button that made it is gone: the focus goes where the code is, ready to be copied. */}
						<TextField label={t("invite.code")} lines={5} value={code} isReadOnly selected autoFocus />
					</div>
					<div className={styles.buttons}>
						<CopyButton
							look="primary"
							text={code}
							label={t("invite.copyCode")}
							spoken={t("invite.codeCopied")}
							{...copying}
						/>
						<CopyButton
							text={linkOf(code)}
							label={t("invite.copyLink")}
							spoken={t("invite.linkCopied")}
							{...copying}
						/>
						<Button icon={Download} onPress={save}>
							{t("invite.saveFile")}
						</Button>
					</div>
				</div>
				<figure>
					<QrPicture text={code} label={t("invite.qr")} />
				</figure>
			</div>
			<p className={styles.note}>{t("invite.next")}</p>
			<DialogActions>
				<Button icon={Plus} onPress={another}>
					{t("invite.makeAnother")}
				</Button>
			</DialogActions>
		</>
	);
}
