import type { DialogName } from "../session";
import { AboutDialog } from "./AboutDialog";
import { CreateSpaceDialog } from "./CreateSpaceDialog";
import { InviteDialog } from "./InviteDialog";
import { JoinDialog } from "./JoinDialog";
import { KeysDialog } from "./KeysDialog";
import { NetworkDialog } from "./NetworkDialog";
import { SettingsDialog } from "./SettingsDialog";

const dialogs: Record<DialogName, (props: { onClose: () => void }) => React.ReactNode> = {
	"create-space": CreateSpaceDialog,
	join: JoinDialog,
	invite: InviteDialog,
	network: NetworkDialog,
	settings: SettingsDialog,
	keys: KeysDialog,
	about: AboutDialog,
};

export function DialogHost({ name, onClose }: { name: DialogName; onClose: () => void }) {
	const Chosen = dialogs[name];
	return <Chosen onClose={onClose} />;
}
