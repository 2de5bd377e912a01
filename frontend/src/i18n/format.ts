/** Names, numbers and times as the window's language writes them. */

/** The region's way of a language, as this computer is set: German of Austria, English of Kenya. */
function locale(language: string): string {
	return navigator.languages.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;
}

export function formatList(items: readonly string[], language: string): string {
	return new Intl.ListFormat(locale(language), { style: "long", type: "conjunction" }).format(items);
}

/** Today: the time alone; this year: day, month and time; before: the whole date. */
export function formatTime(iso: string, language: string, now: Date = new Date()): string {
	const time = new Date(iso);
	if (Number.isNaN(time.getTime())) return iso;
	const clock: Intl.DateTimeFormatOptions = { hour: "numeric", minute: "2-digit" };
	if (time.toDateString() === now.toDateString())
		return new Intl.DateTimeFormat(locale(language), clock).format(time);
	const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "long" };
	const year: Intl.DateTimeFormatOptions =
		time.getFullYear() === now.getFullYear() ? clock : { year: "numeric" };
	return new Intl.DateTimeFormat(locale(language), { ...day, ...year }).format(time);
}

export function formatDate(time: Date, language: string): string {
	return new Intl.DateTimeFormat(locale(language), { dateStyle: "long" }).format(time);
}

export function formatMilliseconds(ms: number, language: string): string {
	return new Intl.NumberFormat(locale(language), {
		style: "unit",
		unit: "millisecond",
		maximumSignificantDigits: ms < 10 ? 2 : 3,
	}).format(ms);
}
