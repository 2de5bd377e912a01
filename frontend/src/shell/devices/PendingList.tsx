import { Hourglass } from "lucide-react";
import type { PendingJoin } from "../../bridge";
import { formatTime, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { notify } from "../../ui/Toasts";
import shared from "../dialogs/dialogs.module.css";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import page from "../Page.module.css";
import { type DialogProps, useSession } from "../session";
import styles from "./devices.module.css";

/** Spaces that this device has asked to be let into, and that have not answered yet. */
export function usePending(): readonly PendingJoin[] {
	const { bridge } = useSession();
	const { value } = useLive(bridge, "pending", () => bridge.api.Pending(), [trigger("spaces")]);
	return value ?? [];
}

/** They stand among the ways to a space, as long as there are any. */
export function PendingSection() {
	const { t } = useTranslation();
	const pending = usePending();
	if (pending.length === 0) return null;
	return (
		<section aria-labelledby="pending" className={`${page.sheet} ${page.choice}`}>
			<h2 id="pending">{t("pending.title")}</h2>
			<p className={page.quiet}>{t("pending.hint")}</p>
			<PendingRows pending={pending} />
		</section>
	);
}

export function PendingDialog({ onClose }: DialogProps) {
	const { t } = useTranslation();
	const pending = usePending();
	return (
		<Dialog title={t("pending.title")} closeLabel={t("app.close")} onClose={onClose}>
			<p className={shared.intro}>{pending.length > 0 ? t("pending.hint") : t("pending.none")}</p>
			<PendingRows pending={pending} />
		</Dialog>
	);
}

function PendingRows({ pending }: { pending: readonly PendingJoin[] }) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, notices } = useSession();
	const cancel = async (id: string) => {
		try {
			await bridge.api.CancelPending(id);
			notify(notices, { kind: "good", text: t("pending.cancelled") });
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
	};
	return (
		<ul className={`${shared.list} ${styles.pending}`}>
			{pending.map(({ id, name, since }) => (
				<li key={id}>
					<Hourglass aria-hidden />
					<div className={shared.item}>
						<bdi className={shared.strong}>{name}</bdi>
						<span className={shared.note}>{t("pending.since", { time: formatTime(since, locale) })}</span>
					</div>
					<Button aria-label={t("pending.cancelOf", { space: name })} onPress={() => cancel(id)}>
						{t("pending.cancel")}
					</Button>
				</li>
			))}
		</ul>
	);
}
