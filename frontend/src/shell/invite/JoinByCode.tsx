import { FileUp } from "lucide-react";
import { type DragEvent, type FormEvent, useState } from "react";
import { FileTrigger } from "react-aria-components";
import { useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import { DialogActions } from "../../ui/Dialog";
import { TextField } from "../../ui/Field";
import styles from "../dialogs/dialogs.module.css";
import { Problem, Progress } from "../dialogs/Feedback";
import { useSession } from "../session";
import { toField } from "../toField";
import { codeIn, FILE_ENDING, LARGEST_FILE } from "./code";
import type { Joining } from "./useJoining";

interface JoinByCodeProps {
	/** A code that is there already, from a link or a file; nothing is joined before somebody says yes. */
	given: string;
	joining: Joining;
	onClose: () => void;
}

/** A code that is pasted, or that comes in a file. */
export function JoinByCode({ given, joining, onClose }: JoinByCodeProps) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const announce = useAnnounce();
	const [code, setCode] = useState(given);
	const [wrong, setWrong] = useState<string>();
	const [over, setOver] = useState(false);
	const { busy, problem, run, start } = joining;

	const type = (text: string) => {
		setCode(text);
		setWrong(undefined);
		start();
	};
	const read = async (file: File | null | undefined) => {
		if (!file || busy) return;
		if (file.size > LARGEST_FILE) return setWrong(t("join.noFile", { name: file.name }));
		try {
			type(codeIn(await file.text()));
			announce(t("join.fileRead", { name: file.name }));
		} catch {
			setWrong(t("join.noFile", { name: file.name }));
		}
	};
	const submit = async (event: FormEvent<HTMLFormElement>) => {
		event.preventDefault();
		const form = event.currentTarget;
		if (busy) return;
		const clean = codeIn(code);
		if (clean === "") setWrong(t("join.missing"));
		if (clean === "" || (await run(() => bridge.api.Join(clean)))) toField(form);
	};
	const drag = (event: DragEvent, inside: boolean) => {
		if (!event.dataTransfer.types.includes("Files")) return;
		event.preventDefault();
		setOver(inside);
	};
	return (
		<form
			className={styles.form}
			onSubmit={submit}
			noValidate
			data-over={over || undefined}
			onDragOver={(event) => drag(event, true)}
			onDragLeave={(event) => drag(event, false)}
			onDrop={(event) => {
				drag(event, false);
				void read(event.dataTransfer.files[0]);
			}}
		>
			{given !== "" && <p className={styles.intro}>{t("join.given")}</p>}
			<TextField
				label={t("join.code")}
				description={t("join.intro")}
				lines={5}
				value={code}
				onChange={type}
				error={wrong}
				isReadOnly={busy}
				// A code has no lines of its own: Enter joins.
				onKeyDown={(event) => {
					if (event.key !== "Enter") return event.continuePropagation();
					event.preventDefault();
					if (event.target instanceof HTMLTextAreaElement) event.target.form?.requestSubmit();
				}}
				autoComplete="off"
				autoFocus
			/>
			<div className={styles.buttons}>
				<FileTrigger
					acceptedFileTypes={[FILE_ENDING, "text/plain"]}
					onSelect={(files) => void read(files?.[0])}
				>
					<Button icon={FileUp} isDisabled={busy}>
						{t("join.chooseFile")}
					</Button>
				</FileTrigger>
			</div>
			{busy && <Progress title={t("join.joining")}>{t("join.joiningHint")}</Progress>}
			{problem && <Problem>{problem}</Problem>}
			<DialogActions>
				<Button onPress={onClose}>{t("app.cancel")}</Button>
				<Button type="submit" look="primary" isPending={busy}>
					{t("join.join")}
				</Button>
			</DialogActions>
		</form>
	);
}
