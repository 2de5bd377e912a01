import { Hourglass } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import styles from "../dialogs/dialogs.module.css";
import { isolated } from "../people/personWords";
import { useSession } from "../session";

/** Says that a facilitator is asked, and goes into the space when one says yes while it is open. */
export function Waiting({ name, onClose }: { name: string; onClose: () => void }) {
	const { t } = useTranslation();
	const { spaces, go } = useSession();
	const before = useRef(new Set(spaces.map(({ id }) => id)));
	const come = spaces.find(({ id }) => !before.current.has(id));
	const latest = useRef(() => {});
	latest.current = () => {
		if (come === undefined) return;
		go({ space: come.id });
		onClose();
	};
	// Who waits in front of it is taken along.
	// biome-ignore lint/correctness/useExhaustiveDependencies: the space that came is what it answers to.
	useEffect(() => latest.current(), [come?.id]);
	return (
		<>
			<div className={styles.waiting} role="status">
				<Hourglass aria-hidden />
				<div>
					<p className={styles.strong}>
						{name ? t("join.waitingFor", { space: isolated(name) }) : t("join.asked")}
					</p>
					<p>{t("join.waitingHint")}</p>
				</div>
			</div>
			<DialogActions>
				<Button look="primary" autoFocus onPress={onClose}>
					{t("app.close")}
				</Button>
			</DialogActions>
		</>
	);
}
