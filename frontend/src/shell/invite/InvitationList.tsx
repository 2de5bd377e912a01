import type { Invitation } from "../../bridge";
import { useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Disclosure } from "../../ui/Disclosure";
import styles from "../dialogs/dialogs.module.css";
import { Problem } from "../dialogs/Feedback";
import { isolated } from "../people/personWords";
import { endingWords, isOver, makerWords } from "./invitationWords";

interface InvitationListProps {
	/** Undefined until they are known. */
	invitations: readonly Invitation[] | undefined;
	problem: string | undefined;
	/** The one whose code is shown. */
	shown: string | undefined;
	show: (invitation: Invitation) => void;
	withdraw: (invitation: Invitation) => void;
}

/** The invitations of a space, those that still let somebody in before those that do not. */
export function InvitationList({ invitations, problem, shown, show, withdraw }: InvitationListProps) {
	const { t } = useTranslation();
	const newestFirst = [...(invitations ?? [])].sort((a, b) => b.created.localeCompare(a.created));
	const open = newestFirst.filter((invitation) => !isOver(invitation));
	const over = newestFirst.filter((invitation) => isOver(invitation));
	return (
		<>
			<h3 className={styles.subhead}>{t("invite.list")}</h3>
			{problem && <Problem>{problem}</Problem>}
			{invitations && open.length === 0 && <p className={styles.note}>{t("invite.none")}</p>}
			<ul className={styles.list} aria-label={t("invite.list")}>
				{open.map((invitation) => (
					<OpenRow
						key={invitation.id}
						invitation={invitation}
						show={invitation.id === shown ? undefined : () => show(invitation)}
						withdraw={() => withdraw(invitation)}
					/>
				))}
			</ul>
			{over.length > 0 && (
				<Disclosure title={t("invite.over", { count: over.length })} level={3}>
					<ul className={styles.list}>
						{over.map((invitation) => (
							<li key={invitation.id}>
								<About invitation={invitation} />
							</li>
						))}
					</ul>
				</Disclosure>
			)}
		</>
	);
}

interface OpenRowProps {
	invitation: Invitation;
	/** Undefined while its code is shown already. */
	show: (() => void) | undefined;
	withdraw: () => void;
}

function OpenRow({ invitation, show, withdraw }: OpenRowProps) {
	const { t } = useTranslation();
	const { code, role, uses, by } = invitation;
	return (
		<li>
			<About invitation={invitation} />
			{show && code !== "" && <Button onPress={show}>{t("invite.showCode")}</Button>}
			<Button
				look="danger"
				aria-label={t("invite.withdrawOf", {
					role: t(`role.${role}`),
					uses: t("invite.usesCount", { count: uses }),
					name: isolated(by),
				})}
				onPress={withdraw}
			>
				{t("invite.withdraw")}
			</Button>
		</li>
	);
}

/** What tells an invitation from others: as what one joins, who made it and when, how far it is used, its end. */
function About({ invitation }: { invitation: Invitation }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { role, used, uses, ask } = invitation;
	const state = [
		t("invite.used", { used, uses }),
		endingWords(invitation, t, locale),
		...(ask ? [t("invite.asks")] : []),
	];
	return (
		<div className={styles.item}>
			<span className={styles.strong}>{t(`role.${role}`)}</span>
			<span className={styles.note}>{makerWords(invitation, t, locale)}</span>
			<span className={styles.note}>{state.join(" · ")}</span>
		</div>
	);
}
