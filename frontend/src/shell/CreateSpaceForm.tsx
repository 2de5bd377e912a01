import { useTranslation } from "../i18n";
import { NameForm } from "./NameForm";
import { useSession } from "./session";

interface CreateSpaceFormProps {
	autoFocus?: boolean;
	onDone?: () => void;
}

/** Asks for a space's name, makes the space and goes there. */
export function CreateSpaceForm({ autoFocus = false, onDone }: CreateSpaceFormProps) {
	const { t } = useTranslation();
	const { bridge, go, refresh } = useSession();
	return (
		<NameForm
			says={{
				label: t("space.name"),
				placeholder: t("space.namePlaceholder"),
				action: t("space.create"),
			}}
			wrong={{ missing: t("space.nameMissing"), "too-long": t("space.nameTooLong") }}
			autoComplete="off"
			autoFocus={autoFocus}
			save={async (name) => {
				const space = await bridge.api.CreateSpace(name);
				refresh();
				go({ space: space.id });
				onDone?.();
			}}
		/>
	);
}
