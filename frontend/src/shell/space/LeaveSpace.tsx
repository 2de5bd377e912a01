import { LogOut } from "lucide-react";
import { useState } from "react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { LeaveStep } from "../people/LeaveStep";
import styles from "./space.module.css";

export function LeaveSpace({ space }: { space: Space }) {
	const { t } = useTranslation();
	const [asks, setAsks] = useState(false);
	return (
		<section aria-labelledby="leave" className={styles.setting}>
			<h2 id="leave">{t("leave.leave")}</h2>
			<p>{t("thisSpace.leaveHint")}</p>
			<Button look="danger" icon={LogOut} onPress={() => setAsks(true)}>
				{t("leave.leave")}
			</Button>
			{asks && (
				<Dialog title={t("leave.leave")} closeLabel={t("app.close")} onClose={() => setAsks(false)} wide>
					<LeaveStep space={space} onCancel={() => setAsks(false)} onDone={() => setAsks(false)} />
				</Dialog>
			)}
		</section>
	);
}
