import { MonitorSmartphone, Radio, UserPlus } from "lucide-react";
import type { Space } from "../../bridge";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import page from "../Page.module.css";
import { PageFrame } from "../PageFrame";
import { belongs, looksAfter } from "../rights";
import { useSession } from "../session";
import type { Panels } from "../Workspace";
import { FormerList } from "./FormerList";
import { MemberList } from "./MemberList";
import { RequestList } from "./RequestList";

/** Who belongs to a space: as what, since when, by whose word, and who asks to be let in. */
export function PeopleScreen({ space, panels }: { space: Space; panels: Panels }) {
	const { t } = useTranslation();
	const { openDialog } = useSession();
	return (
		<PageFrame
			space={space}
			panels={panels}
			title={t("people.title")}
			intro={t("people.intro", { count: space.members.length, space: space.name })}
		>
			<div className={page.bar}>
				{looksAfter(space) && (
					<>
						<Button look="primary" icon={UserPlus} onPress={() => openDialog("invite")}>
							{t("people.invite")}
						</Button>
						<Button icon={Radio} onPress={() => openDialog("room")}>
							{t("room.open")}
						</Button>
					</>
				)}
				{belongs(space) && (
					<Button icon={MonitorSmartphone} onPress={() => openDialog("devices")}>
						{t("devices.title")}
					</Button>
				)}
			</div>
			{looksAfter(space) && <RequestList space={space} />}
			<MemberList space={space} />
			{space.formers.length > 0 && <FormerList space={space} />}
		</PageFrame>
	);
}
