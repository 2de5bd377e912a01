import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect } from "vitest";
import { DesktopScreen } from "./stage/desktop";
import { run } from "./stage/process";
import { Window } from "./stage/window";
import { words } from "./stage/words";
import { test, type Workshop } from "./stage/workshop";

const BUILD = resolve(import.meta.dirname, "../../build/linux");
const PROGRAM = resolve(import.meta.dirname, "../../bin/parley");
const SPACE = "Mill Lane neighbours";

/** A data directory and an invitation file into a space of somebody's. */
async function invited(workshop: Workshop) {
	const folder = await mkdtemp(join(tmpdir(), "parley-e2e-links-"));
	workshop.afterwards(() => rm(folder, { recursive: true, force: true }));
	const ada = await workshop.device("Ada");
	await ada.command("device", "--name", "Ada");
	const [space] = await ada.command<{ space: string }>("space", "create", SPACE);
	const [made] = await ada.command<{ code: string }>("invite", "create", space?.space ?? "");
	const code = made?.code ?? "";
	const file = join(folder, "Mill Lane.parley-invite");
	await writeFile(file, `${code}\n`);
	return { folder, data: join(folder, "data"), code, file };
}

test("a second start of the desktop program hands its link to the window that is open", async ({
	workshop,
	onTestFailed,
}) => {
	const { data, code, file } = await invited(workshop);
	const screen = await DesktopScreen.open(data);
	workshop.afterwards(() => screen.close());
	onTestFailed(async () => console.error(await screen.remains()));
	const ben = new Window("Ben", screen);
	await ben.introduces();

	await run(PROGRAM, ["--data", data, file]);
	await ben.sees("textbox", words.join.code);
	expect(await screen.value(words.join.code)).toBe(code);
	await screen.press("button", words.join.join);
	await ben.sees("heading", SPACE);
	await expect(run(PROGRAM, ["--data", data, "parley:PARLEY1-HALF"])).rejects.toThrow();
});

test("a link that the program is started with is asked about once there is a name", async ({
	workshop,
	onTestFailed,
}) => {
	const { data, code } = await invited(workshop);
	const screen = await DesktopScreen.open(data, [PROGRAM, "--data", data, `parley:${code}`]);
	workshop.afterwards(() => screen.close());
	onTestFailed(async () => console.error(await screen.remains()));
	const ben = new Window("Ben", screen);
	await ben.sees("textbox", words.first.name);
	await screen.press("textbox", words.first.name);
	await screen.type("Ben");
	await screen.press("button", words.first.start);
	await ben.sees("textbox", words.join.code);
	expect(await screen.value(words.join.code)).toBe(code);
});

test("the desktop of a user knows which program opens links and invitation files", async ({ workshop }) => {
	const { folder } = await invited(workshop);
	const share = join(folder, "a home with 100%");
	const env = { ...process.env, XDG_DATA_HOME: share };
	await run(join(BUILD, "register"), [PROGRAM], { env });
	const entry = await readFile(join(share, "applications/parley.desktop"), "utf8");
	expect(entry).toContain(`Exec="${PROGRAM}" %u`);
	expect(entry).toContain(
		"MimeType=x-scheme-handler/parley;application/x-parley-invite;application/x-parley-bundle;",
	);
	expect(await readFile(join(share, "mime/packages/parley-invite.xml"), "utf8")).toContain("*.parley-invite");
	expect(await readFile(join(share, "mime/packages/parley-bundle.xml"), "utf8")).toContain("*.parley-bundle");
	await run(join(BUILD, "register"), ["--remove"], { env });
	await expect(readFile(join(share, "mime/packages/parley-bundle.xml"))).rejects.toThrow();
	await expect(readFile(join(share, "applications/parley.desktop"))).rejects.toThrow();
	await expect(run(join(BUILD, "register"), ["/nowhere/parley"], { env })).rejects.toThrow();
});
