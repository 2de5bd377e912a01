import { DevicesDialog } from "../devices/DevicesDialog";
import { UseLinkDialog } from "../devices/UseLinkDialog";
import { VerifyDialog } from "../devices/VerifyDialog";
import type { DialogName, DialogProps, OpenDialog } from "../session";
import { AboutDialog } from "./AboutDialog";
import { CreateSpaceDialog } from "./CreateSpaceDialog";
import { InviteDialog } from "./InviteDialog";
import { JoinDialog } from "./JoinDialog";
import { KeysDialog } from "./KeysDialog";
import { NetworkDialog } from "./NetworkDialog";
import { SettingsDialog } from "./SettingsDialog";

const dialogs: Record<DialogName, (props: DialogProps) => React.ReactNode> = {
	"create-space": CreateSpaceDialog,
	join: JoinDialog,
	invite: InviteDialog,
	network: NetworkDialog,
	settings: SettingsDialog,
	keys: KeysDialog,
	about: AboutDialog,
	devices: DevicesDialog,
	"use-link": UseLinkDialog,
	verify: VerifyDialog,
};

export function DialogHost({ name, subject, onClose }: OpenDialog & { onClose: () => void }) {
	const Chosen = dialogs[name];
	// A dialog that leads to another one of its kind is another one.
	return <Chosen key={`${name} ${subject}`} subject={subject} onClose={onClose} />;
}
