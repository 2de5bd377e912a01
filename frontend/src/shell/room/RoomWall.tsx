import { UserCheck } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Role, Room, Space } from "../../bridge";
import { formatClock, formatList, useLocale, useTranslation } from "../../i18n";
import { useAnnounce } from "../../ui/announcer";
import { Button } from "../../ui/Button";
import { notify } from "../../ui/Toasts";
import { Problem } from "../dialogs/Feedback";
import { errorWords } from "../errorWords";
import { useSession } from "../session";
import styles from "./room.module.css";

interface RoomWallProps {
	space: Space;
	room: Room;
	onChanged: () => void;
}

/** What is shown to a hall: the words, how to use them, who has come in. */
export function RoomWall({ space, room, onChanged }: RoomWallProps) {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, notices } = useSession();
	const [problem, setProblem] = useState<string>();
	const [busy, setBusy] = useState(false);
	// Whoever knew the words has no name before they are in.
	const guests = room.joined.filter(({ name }) => name !== "");
	useSpokenArrivals(guests.map(({ name }) => name));
	const close = async () => {
		if (busy) return;
		setBusy(true);
		try {
			await bridge.api.CloseRoom(space.id);
			notify(notices, { kind: "good", text: t("room.closed") });
		} catch (reason) {
			setProblem(errorWords(reason, t));
		}
		setBusy(false);
		onChanged();
	};
	return (
		<div className={styles.wall}>
			<section aria-label={t("room.words")} className={styles.board}>
				<p className={styles.how}>{t("room.how")}</p>
				{/* The words are the same in every language, and read from left to right. */}
				<ol className={styles.words} lang="en" dir="ltr">
					{room.words.map((word) => (
						<li key={word}>{word}</li>
					))}
				</ol>
				<p className={styles.facts}>
					{t("room.facts", {
						role: t(`asRole.${room.role as Role}`),
						time: formatClock(room.expires ?? "", locale),
					})}
				</p>
			</section>
			<section aria-labelledby="joined" className={styles.joined}>
				<h3 id="joined">{t("room.joined", { count: guests.length })}</h3>
				{guests.length === 0 && <p className={styles.nobody}>{t("room.nobody")}</p>}
				<ul>
					{[...guests].reverse().map(({ device, name }) => (
						<li key={device}>
							<UserCheck aria-hidden />
							<bdi>{name}</bdi>
						</li>
					))}
				</ul>
			</section>
			{problem && <Problem>{problem}</Problem>}
			<div className={styles.end}>
				<p>{t("room.stays")}</p>
				<Button look="danger" isPending={busy} onPress={close}>
					{t("room.close")}
				</Button>
			</div>
		</div>
	);
}

/** Says who has come in, to those who do not see the list grow. */
function useSpokenArrivals(names: readonly string[]): void {
	const { t } = useTranslation();
	const locale = useLocale();
	const announce = useAnnounce();
	const known = useRef(names.length);
	const latest = useRef(names);
	latest.current = names;
	const count = names.length;
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		const fresh = latest.current.slice(known.current);
		known.current = count;
		if (fresh.length > 0) announce(t("room.came", { names: formatList(fresh, locale) }));
	}, [count, announce, t, locale]);
}
