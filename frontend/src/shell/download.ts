/** Fetches what the Go side holds ready at an address of the page's own, once. */
export function follow(url: string): void {
	const link = document.createElement("a");
	link.href = url;
	link.download = "";
	link.click();
}
