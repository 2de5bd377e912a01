import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { ReachSetting } from "../network/ReachSetting";
import page from "../Page.module.css";
import { PageFrame } from "../PageFrame";
import { belongs, looksAfter } from "../rights";
import { CarrySpace } from "../stick/CarrySpace";
import type { Panels } from "../Workspace";
import { CloseSpace } from "./CloseSpace";
import { ExportSpace } from "./ExportSpace";
import { ForgetSpace } from "./ForgetSpace";
import { LeaveSpace } from "./LeaveSpace";
import { RenameSpace } from "./RenameSpace";
import { SpaceNotes } from "./SpaceNotes";
import styles from "./space.module.css";

/** What can be done about a space as a whole. */
export function SpaceScreen({ space, panels }: { space: Space; panels: Panels }) {
	const { t } = useTranslation();
	const facilitator = looksAfter(space);
	return (
		<PageFrame space={space} panels={panels} title={t("thisSpace.title")} intro={<bdi>{space.name}</bdi>}>
			<SpaceNotes space={space} />
			<div className={`${page.sheet} ${styles.settings}`}>
				{facilitator && <RenameSpace space={space} />}
				{belongs(space) && <CarrySpace space={space} />}
				{belongs(space) && <ReachSetting space={space} />}
				<ExportSpace space={space} />
				{facilitator && <CloseSpace space={space} />}
				{belongs(space) ? <LeaveSpace space={space} /> : <ForgetSpace space={space} />}
			</div>
		</PageFrame>
	);
}
