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

/** A time of today by the clock. */
export function formatClock(iso: string, locale: string): string {
	const time = new Date(iso);
	if (Number.isNaN(time.getTime())) return iso;
	return new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" }).format(time);
}

/** The whole date of a time. */
export function formatDay(iso: string, locale: string): string {
	const time = new Date(iso);
	return Number.isNaN(time.getTime()) ? iso : formatDate(time, locale);
}

const steps = [
	["day", 86_400_000],
	["hour", 3_600_000],
	["minute", 60_000],
] as const satisfies readonly (readonly [Intl.RelativeTimeFormatUnit, number])[];

/** How long it is until a time, or was since: "in 3 days", "2 hours ago"; a minute at least. */
export function formatDistance(iso: string, locale: string, now: Date = new Date()): string {
	const ms = new Date(iso).getTime() - now.getTime();
	if (Number.isNaN(ms)) return iso;
	const [unit, size] = steps.find(([, length]) => Math.abs(ms) >= length) ?? (["minute", 60_000] as const);
	const count = Math.trunc(ms / size) || (ms < 0 ? -1 : 1);
	return new Intl.RelativeTimeFormat(locale, { numeric: "always" }).format(count, unit);
}
