import { useEffect, useRef, useState } from "react";
import { type Space, toParleyError } from "../../bridge";
import { useTranslation } from "../../i18n";
import { notify } from "../../ui/Toasts";
import { errorWords } from "../errorWords";
import { useSession } from "../session";

/** Joining, as it goes on in a dialog. */
export interface Joining {
	busy: boolean;
	/** What went wrong with the last try, in words. */
	problem: string | undefined;
	/** What has been asked for waits for a facilitator: whatever is known of its name. */
	waiting: string | undefined;
	/** Forgets the last try. */
	start: () => void;
	/** Resolves to whether somebody has to try again. */
	run: (join: () => Promise<Space>, words?: Words) => Promise<boolean>;
}

/** Finds words for an error that says more than others; empty for the usual ones. */
type Words = (code: string) => Promise<string>;

/** The code of the error with which a join answers that a facilitator is asked first. */
const ASKED = "waiting";

export function useJoining(onClose: () => void): Joining {
	const { t } = useTranslation();
	const { bridge, go, refresh, notices } = useSession();
	const [busy, setBusy] = useState(false);
	const [problem, setProblem] = useState<string>();
	const [waiting, setWaiting] = useState<string>();
	const gone = useRef(false);
	// A join goes on after its dialog was closed; it must not take the person away from what they do then.
	useEffect(() => {
		gone.current = false;
		return () => {
			gone.current = true;
		};
	}, []);
	const run = async (join: () => Promise<Space>, special?: Words): Promise<boolean> => {
		setProblem(undefined);
		setBusy(true);
		try {
			const space = await join();
			refresh();
			notify(notices, { kind: "good", text: t("join.done", { space: space.name }) });
			if (gone.current) return false;
			go({ space: space.id });
			onClose();
			return false;
		} catch (reason) {
			if (toParleyError(reason).code === ASKED) {
				if (gone.current) notify(notices, { kind: "good", text: t("join.asked") });
				const pending = await bridge.api.Pending().catch(() => []);
				setWaiting(pending.at(-1)?.name ?? "");
				setBusy(false);
				return false;
			}
			const words = (await special?.(toParleyError(reason).code)) || errorWords(reason, t);
			if (gone.current) notify(notices, { kind: "problem", text: words });
			setProblem(words);
			setBusy(false);
			return true;
		}
	};
	return { busy, problem, waiting, start: () => setProblem(undefined), run };
}
