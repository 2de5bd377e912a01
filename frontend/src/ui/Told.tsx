// Unicode's isolates for text that runs from left to right. They keep its direction also where it is shown as it is.
const FROM = "\u2066";
const TO = "\u2069";

/** Marks text within a sentence as English, whatever the language of the sentence. */
export function inEnglish(text: string): string {
	return FROM + text.replace(/[\u2066-\u2069]/g, "") + TO;
}

/** A sentence, of which what inEnglish has marked is read out and laid out as English. */
export function Told({ text }: { text: string }) {
	const parts = text.split(/(\u2066[^\u2066\u2069]*\u2069)/);
	return parts.map((part, at) =>
		part.startsWith(FROM) ? (
			// biome-ignore lint/suspicious/noArrayIndexKey: The parts of one text do not move.
			<span key={at} lang="en" dir="ltr">
				{part.slice(FROM.length, -TO.length)}
			</span>
		) : (
			part
		),
	);
}
