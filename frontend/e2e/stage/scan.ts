import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import type { ChromiumScreen } from "./chromium";
import type { Window } from "./window";

const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");

/** What a camera reads that is held to the screen: the QR code in the picture of that name, as it is drawn. */
export async function scans(window: Window<ChromiumScreen>, picture: string): Promise<string> {
	const drawn = window.screen.page.getByRole("img", { name: picture, exact: true });
	await drawn.scrollIntoViewIfNeeded();
	// With what surrounds it: without a bright edge no camera finds it.
	const png = await drawn.locator("xpath=../..").screenshot();
	const { buffer } = new Uint8Array(await readFile(wasm));
	await prepareZXingModule({ overrides: { wasmBinary: buffer }, fireImmediately: true });
	const found = await readBarcodes(new Uint8Array(png), { formats: ["QRCode"], tryInvert: false });
	if (found.length !== 1) throw new Error(`${found.length} codes are in the picture "${picture}"`);
	return found[0]?.text ?? "";
}
