import { type FormEvent, useState } from "react";
import { hrefFromInput, type TextEditor } from "../../editor";
import { useTranslation } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog, DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";

interface LinkDialogProps {
	editor: TextEditor;
	/** The present address, "" where there is no link yet. */
	href: string;
	onClose: () => void;
}

/** Asks where a link leads. */
export function LinkDialog({ editor, href, onClose }: LinkDialogProps) {
	const { t } = useTranslation();
	const [address, setAddress] = useState(href);
	const [invalid, setInvalid] = useState(false);
	const apply = (event: FormEvent) => {
		event.preventDefault();
		if (hrefFromInput(address) === null) {
			setInvalid(true);
			return;
		}
		editor.setLink(address);
		onClose();
	};
	const remove = () => {
		editor.setLink(null);
		onClose();
	};
	return (
		<Dialog
			title={href === "" ? t("text.linkTitle") : t("text.linkEdit")}
			closeLabel={t("app.close")}
			onClose={onClose}
		>
			<form onSubmit={apply} noValidate>
				<TextField
					label={t("text.linkAddress")}
					description={t("text.linkHint")}
					value={address}
					onChange={(value) => {
						setAddress(value);
						setInvalid(false);
					}}
					error={invalid ? t("text.linkInvalid") : undefined}
					inputMode="url"
					autoComplete="off"
					autoFocus
				/>
				<DialogActions>
					{href !== "" && (
						<Button look="danger" onPress={remove}>
							{t("text.linkRemove")}
						</Button>
					)}
					<Button type="submit" look="primary">
						{t("text.linkApply")}
					</Button>
				</DialogActions>
			</form>
		</Dialog>
	);
}
