import { useEffect, useRef } from "react";
import type { Space } from "../bridge";
import { useTranslation } from "../i18n";
import { useAnnounce } from "../ui/announcer";
import { ProgressBar } from "../ui/ProgressBar";
import { trigger, useLive } from "./live";
import { isolated } from "./people/personWords";
import { useSession } from "./session";

/** How far it is to get what the space holds from somebody. What is over in a moment is not worth a word. */
export function CatchingUp({ space }: { space: Space }) {
	const { t } = useTranslation();
	const { bridge } = useSession();
	const { value } = useLive(bridge, `catching ${space.id}`, () => bridge.api.CatchingUp(space.id), [
		trigger("catching", (data) => data.space === space.id),
		trigger("network"),
	]);
	const shown = value?.active === true && value.of > 1;
	useSaidOnce(shown ? t("catching.began", { name: isolated(value.from), count: value.of }) : "");
	if (!shown) return null;
	const { from, done, of } = value;
	return (
		<ProgressBar label={t("catching.title", { name: isolated(from), done, count: of })} done={done} of={of} />
	);
}

/** That it has begun is said aloud, once; how it gets on is there to be read. */
function useSaidOnce(sentence: string): void {
	const announce = useAnnounce();
	const said = useRef(false);
	const begun = sentence !== "";
	// Speaking is an effect outside of the page's tree.
	useEffect(() => {
		if (begun && !said.current) announce(sentence);
		said.current = begun;
	}, [begun, sentence, announce]);
}
