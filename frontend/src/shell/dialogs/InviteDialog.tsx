import { Plus } from "lucide-react";
import { useState } from "react";
import type { Invitation, Role, Space } from "../../bridge";
import { formatList, formatTime, type TFunction, useKeyNames, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { Picker, TextField } from "../../ui/Field";
import { keyLabel } from "../../ui/keys";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { mayInvite } from "../rights";
import { useSession } from "../session";
import styles from "./dialogs.module.css";
import { Problem } from "./Feedback";
import { QrPicture } from "./QrPicture";

const roles = ["editor", "facilitator"] as const;
const uses = ["1", "5", "20", "100"] as const;
const hours = ["24", "168", "720", "0"] as const;

/** What most groups need: everyone of one meeting joins within a week, and writes. */
const usual = { role: "editor", uses: "20", hours: "168" } as const;

export function InviteDialog({ onClose }: { onClose: () => void }) {
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
			{mayInvite(space.role) ? <Inviting space={space} /> : <NotAllowed space={space} />}
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
	const { bridge, notices } = useSession();
	const [shown, setShown] = useState<Invitation>();
	const list = useLive(bridge, `invitations ${space.id}`, () => bridge.api.Invitations(space.id), [
		trigger("spaces"),
	]);
	const withdraw = async (invitation: Invitation) => {
		try {
			await bridge.api.WithdrawInvitation(space.id, invitation.id);
			if (shown?.id === invitation.id) setShown(undefined);
			list.refresh();
			notify(notices, { kind: "good", text: t("invite.withdrawDone") });
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
	};
	return (
		<>
			{shown ? (
				<ShownCode invitation={shown} another={() => setShown(undefined)} />
			) : (
				<MakeCode
					space={space}
					onMade={(invitation) => {
						setShown(invitation);
						list.refresh();
					}}
				/>
			)}
			<h3 className={styles.subhead}>{t("invite.list")}</h3>
			{list.error && <Problem>{errorWords(list.error, t)}</Problem>}
			{list.value?.length === 0 && <p className={styles.note}>{t("invite.none")}</p>}
			<ul className={styles.list}>
				{list.value?.map((invitation) => (
					<InvitationRow
						key={invitation.id}
						invitation={invitation}
						show={invitation.id === shown?.id ? undefined : () => setShown(invitation)}
						withdraw={() => withdraw(invitation)}
					/>
				))}
			</ul>
		</>
	);
}

function MakeCode({ space, onMade }: { space: Space; onMade: (invitation: Invitation) => void }) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const [role, setRole] = useState<(typeof roles)[number]>(usual.role);
	const [count, setCount] = useState<(typeof uses)[number]>(usual.uses);
	const [ends, setEnds] = useState<(typeof hours)[number]>(usual.hours);
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	const make = async () => {
		if (busy) return;
		setBusy(true);
		try {
			onMade(
				await bridge.api.Invite(space.id, { role, uses: Number(count), hours: Number(ends), ask: false }),
			);
		} catch (reason) {
			setProblem(errorWords(reason, t));
			setBusy(false);
		}
	};
	return (
		<>
			<p className={styles.intro}>{t("invite.intro")}</p>
			<div className={styles.row}>
				<Picker
					label={t("invite.role")}
					options={roles.map((value) => ({
						value,
						label: t(`role.${value}`),
						description: t(`roleHint.${value}`),
					}))}
					value={role}
					onChange={setRole}
				/>
				<Picker
					label={t("invite.uses")}
					options={uses.map((value) => ({ value, label: t("invite.usesCount", { count: Number(value) }) }))}
					value={count}
					onChange={setCount}
				/>
				<Picker
					label={t("invite.ends")}
					options={hours.map((value) => ({ value, label: duration(Number(value), t) }))}
					value={ends}
					onChange={setEnds}
				/>
			</div>
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button look="primary" onPress={make}>
					{t("invite.make")}
				</Button>
			</DialogActions>
		</>
	);
}

function duration(inHours: number, t: TFunction): string {
	if (inHours === 0) return t("invite.never");
	return t("invite.days", { count: inHours / 24 });
}

function ShownCode({ invitation, another }: { invitation: Invitation; another: () => void }) {
	const { t } = useTranslation();
	const { notices } = useSession();
	const names = useKeyNames();
	return (
		<>
			<div className={styles.code}>
				<div className={styles.codeText}>
					<div className={styles.codeField}>
						{/* The button that made it is gone: the focus goes where the code is, ready to be copied. */}
						<TextField
							label={t("invite.code")}
							lines={5}
							value={invitation.code}
							isReadOnly
							selected
							autoFocus
						/>
					</div>
					<CopyButton
						look="primary"
						text={invitation.code}
						label={t("invite.copyCode")}
						doneLabel={t("app.copied")}
						spoken={t("invite.codeCopied")}
						onFailed={() =>
							notify(notices, {
								kind: "problem",
								text: t("app.copyFailed", { keys: keyLabel("Mod-c", names) }),
							})
						}
					/>
				</div>
				<figure>
					<QrPicture text={invitation.code} label={t("invite.qr")} />
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

interface InvitationRowProps {
	invitation: Invitation;
	/** Undefined while its code is shown already. */
	show: (() => void) | undefined;
	withdraw: () => void;
}

function InvitationRow({ invitation, show, withdraw }: InvitationRowProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const role = t(`role.${invitation.role satisfies Role}`);
	const over = isOver(invitation);
	return (
		<li>
			<div className={styles.item}>
				<span className={styles.strong}>{role}</span>
				<span className={styles.note}>
					{t("invite.used", { used: invitation.used, uses: invitation.uses })} ·{" "}
					{invitationState(invitation, t, locale)}
				</span>
			</div>
			{!over && show && invitation.code !== "" && <Button onPress={show}>{t("invite.showCode")}</Button>}
			{!over && (
				<Button
					look="danger"
					aria-label={t("invite.withdrawOf", {
						role,
						uses: t("invite.usesCount", { count: invitation.uses }),
					})}
					onPress={withdraw}
				>
					{t("invite.withdraw")}
				</Button>
			)}
		</li>
	);
}

function isOver({ withdrawn, used, uses: most, expires }: Invitation): boolean {
	return withdrawn || used >= most || (expires !== undefined && new Date(expires) < new Date());
}

function invitationState(invitation: Invitation, t: TFunction, language: string): string {
	const { withdrawn, used, uses: most, expires } = invitation;
	if (withdrawn) return t("invite.withdrawn");
	if (used >= most) return t("invite.usedUp");
	if (expires === undefined) return t("invite.noEnd");
	const time = formatTime(expires, language);
	return new Date(expires) < new Date() ? t("invite.endedAt", { time }) : t("invite.endsAt", { time });
}
