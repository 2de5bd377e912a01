import { Hourglass } from "lucide-react";
import { useEffect, useState } from "react";
import type { SpaceID } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import styles from "../dialogs/dialogs.module.css";
import { isolated } from "../people/personWords";
import { useSession } from "../session";

/** Says that a facilitator is asked, and goes into the space when one says yes while it is open. */
export function Waiting({ name, onClose }: { name: string; onClose: () => void }) {
	const { t } = useTranslation();
	const { spaces } = useSession();
	const [before] = useState(() => new Set(spaces.map(({ id }) => id)));
	const come = spaces.find(({ id }) => !before.has(id));
	if (come !== undefined) return <Come space={come.id} onClose={onClose} />;
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

/** Takes whoever waited in front of it into the space. */
function Come({ space, onClose }: { space: SpaceID; onClose: () => void }) {
	const { go } = useSession();
	// Where the window is, and that a dialog is open, is known outside of this one.
	useEffect(() => {
		go({ space });
		onClose();
	}, [go, space, onClose]);
	return null;
}
