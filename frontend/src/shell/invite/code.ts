/** What invitation files end with. */
export const FILE_ENDING = ".parley-invite";

/** The largest file that is looked into for a code; a code has a few hundred letters. */
export const LARGEST_FILE = 64 * 1024;

const CODE = /PARLEY\d+-[A-Z0-9-]+/i;

/**
 * The invitation code in what somebody pasted or dropped: a code, a link, a file, or a whole message with one of
 * these in it. Where there is none, what was given, for the Go side to say what is wrong with it.
 */
export function codeIn(text: string): string {
	// Programs for mail break long lines.
	const trimmed = text.trim().replace(/^parley:(\/\/)?/i, "");
	const whole = trimmed.replace(/\s+/gu, "");
	if (/^PARLEY\d+-[A-Z0-9-]+$/i.test(whole)) return whole;
	return CODE.exec(text)?.[0] ?? trimmed;
}
