import { useEffect, useState } from "react";
import type { Author } from "../../../bridge";
import { type AuthorLook, passagesOf, selectedPassage, showAuthors } from "../../../editor";
import { useTranslation } from "../../../i18n";
import { authorsOf, type Stretch } from "../../../replica";
import type { AuthorsProps } from "./Authors";
import { byPerson, looksOf, shares } from "./attribution";

export interface Legend {
	/** Who has written most first. */
	authors: readonly { author: string; look: AuthorLook; letters: number }[];
	/** Who wrote what is selected. */
	selected: readonly AuthorLook[];
	ready: boolean;
}

const NOTHING: Legend = { authors: [], selected: [], ready: false };

/** Text is quiet for so long before it is looked at again. */
const QUIET_MS = 400;
/** A selection stands for so long before it is spoken of: ProseMirror knows of it then, and nobody is talked over. */
const CHOSEN_MS = 200;
/** So many letters take the core some milliseconds; the keys that were pressed meanwhile come first. */
const AT_ONCE = 4000;

/** Marks in the editor who wrote what, for as long as the component is there, and says who they are. */
export function useAuthors({ bridge, space, replica, editor, colourOf }: AuthorsProps): Legend {
	const { t } = useTranslation();
	const [legend, setLegend] = useState(NOTHING);
	// The marks are drawn by ProseMirror, of what the replica's core says: both are outside of React.
	useEffect(() => {
		const { view } = editor;
		const { document, part } = replica.address;
		let timer: ReturnType<typeof setTimeout> | undefined;
		let chosen: ReturnType<typeof setTimeout> | undefined;
		let over = false;
		let round = 0;
		let looks = new Map<string, AuthorLook>();
		let authors = new Map<string, Author>();

		const tellSelected = () => {
			if (replica.state.broken) return;
			const passage = selectedPassage(view);
			const keys =
				passage === null || !view.hasFocus()
					? []
					: shares(
							passagesOf(
								view.state.doc,
								byPerson(authorsOf(replica.core, passage.from, passage.to), authors),
							),
						).map(({ author }) => author);
			setLegend((was) => ({ ...was, selected: keys.flatMap((author) => looks.get(author) ?? []) }));
		};
		const draw = (stretches: readonly Stretch[], listed: readonly Author[]) => {
			authors = new Map(listed.map((author) => [author.actor, author]));
			const passages = passagesOf(view.state.doc, byPerson(stretches, authors));
			const sums = shares(passages);
			looks = looksOf(
				sums.map(({ author }) => author),
				listed,
				colourOf,
				t,
			);
			const lookOf = (author: string) => looks.get(author) as AuthorLook;
			showAuthors(view, passages, lookOf);
			setLegend((was) => ({
				...was,
				authors: sums.map((sum) => ({ ...sum, look: lookOf(sum.author) })),
				ready: true,
			}));
			tellSelected();
		};
		const look = async () => {
			const mine = ++round;
			const stale = () => over || mine !== round;
			try {
				replica.flush();
				await replica.saved(); // An actor that has written nothing yet is in no list.
				const listed = await bridge.api.Authors(space, document, part);
				const shown = view.state.doc;
				const stretches: Stretch[] = [];
				for (let at = 0, more = true; more; at += AT_ONCE) {
					if (stale() || !view.state.doc.eq(shown)) return;
					const found = authorsOf(replica.core, at, at + AT_ONCE);
					stretches.push(...found);
					more = found.at(-1)?.to === at + AT_ONCE;
					if (more) await new Promise((resolve) => setTimeout(resolve));
				}
				if (!stale() && view.state.doc.eq(shown)) draw(stretches, listed);
			} catch {
				// Disconnected, or the copy is loaded anew: the next change of either looks again.
			}
		};
		const later = () => {
			round++;
			clearTimeout(timer);
			timer = setTimeout(look, QUIET_MS);
		};
		void look();
		const stops = [
			replica.onPatches(later),
			replica.onReset(later),
			replica.subscribe(later),
			bridge.on("spaces", later),
		];
		const onSelection = () => {
			clearTimeout(chosen);
			chosen = setTimeout(tellSelected, CHOSEN_MS);
		};
		globalThis.document.addEventListener("selectionchange", onSelection);
		return () => {
			over = true;
			clearTimeout(timer);
			clearTimeout(chosen);
			globalThis.document.removeEventListener("selectionchange", onSelection);
			for (const stop of stops) stop();
			if (!view.isDestroyed) showAuthors(view, [], (author) => looks.get(author) as AuthorLook);
		};
	}, [bridge, space, replica, editor, colourOf, t]);
	return legend;
}
