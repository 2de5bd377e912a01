import { FileText, Info } from "lucide-react";
import { useEffect, useRef } from "react";
import type { Notice } from "../bridge";
import { formatTime, useLocale, useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { Button } from "../ui/Button";
import { useDocuments } from "./documents";
import { trigger, useLive } from "./live";
import styles from "./Notices.module.css";
import { isSeenAt, noticeWords } from "./noticeWords";
import { useSession } from "./session";

/**
 * What people of this device should know, one thing at a time, until somebody says that they have read it. It
 * stands below the work and takes its room from the work's foot, so that no line that is being read moves.
 */
export function Notices() {
	const { t } = useTranslation();
	const locale = useLocale();
	const { bridge, place } = useSession();
	const { value } = useLive(bridge, "notices", () => bridge.api.Notices(), [trigger("notices")]);
	const [notice, ...rest] = value ?? [];
	useSpoken(notice);
	const seen = value?.find((one) => isSeenAt(one, place))?.id;
	// What the notice says is kept outside of the page, and so is that it was read.
	useEffect(() => {
		if (seen !== undefined) bridge.api.DismissNotice(seen).catch(() => undefined); // It stays, to be dismissed by hand.
	}, [bridge, seen]);
	if (notice === undefined) return null;
	const dismiss = () => {
		// The next one takes this one's place, and the focus stays; after the last, the work has it.
		if (rest.length === 0) document.getElementById("work")?.focus();
		bridge.api.DismissNotice(notice.id).catch(() => undefined); // It stays, and can be dismissed again.
	};
	return (
		<section aria-label={t("notice.label")} className={styles.notices}>
			<Info aria-hidden className={styles.icon} />
			<p className={styles.words}>
				{noticeWords(notice, t)}{" "}
				<span className={styles.when}>
					<time dateTime={notice.at}>{formatTime(notice.at, locale)}</time>
					{rest.length > 0 && <> · {t("notice.more", { count: rest.length })}</>}
				</span>
			</p>
			<div className={styles.actions}>
				<Leads notice={notice} />
				<Button onPress={dismiss}>{t("notice.dismiss")}</Button>
			</div>
		</section>
	);
}

/** Leads to the document that a notice is about, unless it is the open one or no text. */
function Leads({ notice }: { notice: Notice }) {
	const { t } = useTranslation();
	const { place, spaces, go } = useSession();
	const { documents } = useDocuments();
	const { space, document } = notice;
	const known = spaces.find(({ id }) => id === space);
	if (!space || !document || known === undefined) return null;
	if (document === known.index || document === place.document) return null;
	const title = documents.find(({ id }) => id === document)?.title;
	return (
		<Button icon={FileText} onPress={() => go({ space, document })}>
			{title ? t("notice.open", { title }) : t("notice.openDocument")}
		</Button>
	);
}

/** Says it once to those who do not see it come. */
function useSpoken(notice: Notice | undefined): void {
	const { t } = useTranslation();
	const announce = useAnnounce();
	const spoken = useRef("");
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		if (notice === undefined) return;
		const words = noticeWords(notice, t);
		const key = `${notice.id} ${words}`;
		if (spoken.current === key) return;
		spoken.current = key;
		announce(words);
	}, [notice, announce, t]);
}
