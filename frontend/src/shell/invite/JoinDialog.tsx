import { useState } from "react";
import { useTranslation } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import { Choices } from "../../ui/Field";
import type { DialogProps } from "../session";
import { JoinByCode } from "./JoinByCode";
import { JoinByWords } from "./JoinByWords";
import { useJoining } from "./useJoining";
import { Waiting } from "./Waiting";

type Way = "code" | "words";

/** Joins a space by a code that somebody sent; `subject` is one that is there already, from a link or a file. */
export function JoinDialog(props: DialogProps) {
	return <Joining {...props} first="code" />;
}

/** Joins a space by the words on the wall. */
export function JoinRoomDialog(props: DialogProps) {
	return <Joining {...props} first="words" />;
}

function Joining({ subject = "", onClose, first }: DialogProps & { first: Way }) {
	const { t } = useTranslation();
	const [way, setWay] = useState<Way>(first);
	const joining = useJoining(onClose);
	return (
		<Dialog title={t("join.title")} closeLabel={t("app.close")} onClose={onClose}>
			{joining.waiting !== undefined ? (
				<Waiting name={joining.waiting} onClose={onClose} />
			) : (
				<>
					<Choices
						label={t("join.way")}
						options={[
							{ value: "code" as Way, label: t("join.withCode") },
							{ value: "words" as Way, label: t("join.sameRoom") },
						]}
						value={way}
						onChange={(next) => {
							joining.start();
							setWay(next);
						}}
						disabled={joining.busy}
					/>
					{way === "code" ? (
						<JoinByCode given={subject} joining={joining} onClose={onClose} />
					) : (
						<JoinByWords joining={joining} onClose={onClose} />
					)}
				</>
			)}
		</Dialog>
	);
}
