/** Names, numbers and times as a locale writes them: the window's language and the computer's region. */

export function formatList(items: readonly string[], locale: string): string {
	return new Intl.ListFormat(locale, { style: "long", type: "conjunction" }).format(items);
}

/** Today: the time alone; this year: day, month and time; before: the whole date. */
export function formatTime(iso: string, locale: string, now: Date = new Date()): string {
	const time = new Date(iso);
	if (Number.isNaN(time.getTime())) return iso;
	const clock: Intl.DateTimeFormatOptions = { hour: "numeric", minute: "2-digit" };
	if (time.toDateString() === now.toDateString()) return new Intl.DateTimeFormat(locale, clock).format(time);
	const day: Intl.DateTimeFormatOptions = { day: "numeric", month: "long" };
	const year: Intl.DateTimeFormatOptions =
		time.getFullYear() === now.getFullYear() ? clock : { year: "numeric" };
	return new Intl.DateTimeFormat(locale, { ...day, ...year }).format(time);
}

export function formatDate(time: Date, locale: string): string {
	return new Intl.DateTimeFormat(locale, { dateStyle: "long" }).format(time);
}

export function formatMilliseconds(ms: number, locale: string): string {
	return new Intl.NumberFormat(locale, {
		style: "unit",
		unit: "millisecond",
		maximumSignificantDigits: ms < 10 ? 2 : 3,
	}).format(ms);
}
