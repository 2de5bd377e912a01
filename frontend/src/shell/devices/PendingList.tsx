import { Hourglass } from "lucide-react";
import { formatTime, useLocale, useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import shared from "../dialogs/dialogs.module.css";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import page from "../Page.module.css";
import { useSession } from "../session";

/** Spaces that this device has asked to be let into, and that have not answered yet. */
export function PendingList() {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, notices } = useSession();
	const { value: pending, refresh } = useLive(bridge, "pending", () => bridge.api.Pending(), [
		trigger("spaces"),
	]);
	if (pending === undefined || pending.length === 0) return null;
	const cancel = async (id: string) => {
		try {
			await bridge.api.CancelPending(id);
			notify(notices, { kind: "good", text: t("pending.cancelled") });
		} catch (reason) {
			notify(notices, { kind: "problem", text: errorWords(reason, t) });
		}
		refresh();
	};
	return (
		<section aria-labelledby="pending" className={page.sheet}>
			<h2 id="pending">{t("pending.title")}</h2>
			<p className={page.quiet}>{t("pending.hint")}</p>
			<ul className={shared.list}>
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
		</section>
	);
}
