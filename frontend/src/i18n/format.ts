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

const units = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** An amount of data: "12 kB". */
export function formatBytes(bytes: number, locale: string): string {
	const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
	return new Intl.NumberFormat(locale, {
		style: "unit",
		unit: units[step] ?? "byte",
		unitDisplay: step === 0 ? "long" : "short",
		maximumSignificantDigits: 3,
	}).format(bytes / 1000 ** step);
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

// A unit, its length, and from when on a distance is told in it: where it rounds to one whole of it.
const minute = 60_000;
const hour = 60 * minute;
const steps = [
	["day", 24 * hour, 23.5 * hour],
	["hour", hour, 59.5 * minute],
	["minute", minute, 0],
] as const satisfies readonly (readonly [Intl.RelativeTimeFormatUnit, number, number])[];

/** How long it is until a time, or was since, rounded: "in 3 days", "2 hours ago"; a minute at least. */
export function formatDistance(iso: string, locale: string, now: Date = new Date()): string {
	const ms = new Date(iso).getTime() - now.getTime();
	if (Number.isNaN(ms)) return iso;
	const away = Math.abs(ms);
	const [unit, size] = steps.find(([, , from]) => away >= from) ?? steps[2];
	const count = Math.max(1, Math.round(away / size));
	return new Intl.RelativeTimeFormat(locale, { numeric: "always" }).format(ms < 0 ? -count : count, unit);
}
