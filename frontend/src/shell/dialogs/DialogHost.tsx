import { DevicesDialog } from "../devices/DevicesDialog";
import { PendingDialog } from "../devices/PendingList";
import { UseLinkDialog } from "../devices/UseLinkDialog";
import { VerifyDialog } from "../devices/VerifyDialog";
import { InviteDialog } from "../invite/InviteDialog";
import { JoinDialog, JoinRoomDialog } from "../invite/JoinDialog";
import { NetworkDialog } from "../network/NetworkDialog";
import { BringInDialog } from "../paper/BringInDialog";
import { SaveAsDialog } from "../paper/SaveAsDialog";
import { PersonDialog } from "../people/PersonDialog";
import { RoomDialog } from "../room/RoomDialog";
import type { DialogName, DialogProps, OpenDialog } from "../session";
import { SucceedDialog } from "../space/SucceedDialog";
import { TakeInDialog } from "../stick/TakeInDialog";
import { AboutDialog } from "./AboutDialog";
import { CreateSpaceDialog } from "./CreateSpaceDialog";
import { KeysDialog } from "./KeysDialog";
import { SettingsDialog } from "./SettingsDialog";

const dialogs: Record<DialogName, (props: DialogProps) => React.ReactNode> = {
	"create-space": CreateSpaceDialog,
	"bring-in": BringInDialog,
	"save-as": SaveAsDialog,
	join: JoinDialog,
	"join-room": JoinRoomDialog,
	invite: InviteDialog,
	room: RoomDialog,
	person: PersonDialog,
	succeed: SucceedDialog,
	network: NetworkDialog,
	settings: SettingsDialog,
	keys: KeysDialog,
	about: AboutDialog,
	devices: DevicesDialog,
	"use-link": UseLinkDialog,
	verify: VerifyDialog,
	pending: PendingDialog,
	"take-in": TakeInDialog,
};

export function DialogHost({ name, onClose, ...about }: OpenDialog & { onClose: () => void }) {
	const Chosen = dialogs[name];
	// A dialog that leads to another one of its kind is another one.
	return <Chosen key={`${name} ${about.subject} ${about.file?.name}`} {...about} onClose={onClose} />;
}
