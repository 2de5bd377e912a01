import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Look, looks, tour } from "./stage/screens";
import { test } from "./stage/workshop";

const PICTURES = join(import.meta.dirname, "screenshots");

for (const [name, look] of Object.entries<Look>(looks)) {
	test(`pictures of every screen, ${name}`, async ({ workshop }) => {
		const folder = join(PICTURES, name);
		await mkdir(folder, { recursive: true });
		let number = 0;
		await tour(workshop, look, async (screen, { screen: { page } }) => {
			number += 1;
			await page.screenshot({ path: join(folder, `${String(number).padStart(2, "0")}-${screen}.png`) });
		});
	});
}
