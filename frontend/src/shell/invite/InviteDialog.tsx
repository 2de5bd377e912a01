import { Radio } from "lucide-react";
import { useState } from "react";
import type { Invitation, Space } from "../../bridge";
import { formatList, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import styles from "../dialogs/dialogs.module.css";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { looksAfter } from "../rights";
import { type DialogProps, useSession } from "../session";
import { InvitationList } from "./InvitationList";
import { MakeInvitation } from "./MakeInvitation";
import { ShownInvitation } from "./ShownInvitation";

export function InviteDialog({ onClose }: DialogProps) {
	const { t } = useTranslation();
	const { space } = useSession();
	if (space === undefined) return null;
	return (
		<Dialog
			title={t("invite.title", { space: space.name })}
			closeLabel={t("app.close")}
			onClose={onClose}
			wide
		>
			{looksAfter(space) ? <Inviting space={space} /> : <NotAllowed space={space} />}
		</Dialog>
	);
}

function NotAllowed({ space }: { space: Space }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const facilitators = space.members.filter(({ role }) => role === "facilitator").map(({ name }) => name);
	return <p>{t("invite.notAllowed", { names: formatList(facilitators, locale) })}</p>;
}

function Inviting({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge, notices, openDialog } = useSession();
	const [shown, setShown] = useState<Invitation>();
	const { value, error, refresh } = useLive(
		bridge,
		`invitations ${space.id}`,
		() => bridge.api.Invitations(space.id),
		[trigger("spaces")],
	);
	const withdraw = async (invitation: Invitation) => {
		try {
			await bridge.api.WithdrawInvitation(space.id, invitation.id);
			if (shown?.id === invitation.id) setShown(undefined);
			refresh();
			notify(notices, { kind: "good", text: t("invite.withdrawDone") });
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
	};
	return (
		<>
			{shown ? (
				<ShownInvitation space={space} invitation={shown} another={() => setShown(undefined)} />
			) : (
				<>
					<MakeInvitation
						space={space}
						onMade={(invitation) => {
							setShown(invitation);
							refresh();
						}}
					/>
					<div className={styles.aside}>
						<Radio aria-hidden />
						<p>{t("room.hint")}</p>
						<Button onPress={() => openDialog("room")}>{t("room.open")}</Button>
					</div>
				</>
			)}
			<InvitationList
				invitations={value}
				problem={error && errorWords(error, t)}
				shown={shown?.id}
				show={setShown}
				withdraw={withdraw}
			/>
		</>
	);
}
