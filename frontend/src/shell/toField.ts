/**
 * Takes the focus to a form's field after what it holds was not accepted, for another try; not from somebody who
 * has gone elsewhere meanwhile.
 */
export function toField(form: HTMLFormElement): void {
	const at = document.activeElement;
	if (at !== null && at !== document.body && !form.contains(at)) return;
	form.querySelector<HTMLElement>("input, textarea")?.focus();
}
