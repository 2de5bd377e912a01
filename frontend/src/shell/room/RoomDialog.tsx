import { useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { trigger, useLive } from "../live";
import { looksAfter } from "../rights";
import { type DialogProps, useSession } from "../session";
import { OpenForm } from "./OpenForm";
import { RoomWall } from "./RoomWall";

/** Three words on the wall: whoever is on the same network and types them is in. */
export function RoomDialog({ onClose }: DialogProps) {
	const { t } = useTranslation();
	const { space, bridge } = useSession();
	const id = space?.id ?? "";
	const room = useLive(bridge, `room ${id}`, () => bridge.api.RoomState(id), [
		trigger("room", (told) => told.space === id),
	]);
	if (space === undefined || !looksAfter(space)) return null;
	const { value, error, refresh } = room;
	const open = value?.open === true;
	return (
		<Dialog
			title={open ? t("room.openTitle", { space: space.name }) : t("room.title")}
			closeLabel={t("app.close")}
			onClose={onClose}
			wide
			full={open}
		>
			{error && <Problem>{errorWords(error, t)}</Problem>}
			{value?.open && <RoomWall space={space} room={value} onChanged={refresh} />}
			{value && !value.open && <OpenForm space={space} ended={value.ended} onOpened={refresh} />}
		</Dialog>
	);
}
