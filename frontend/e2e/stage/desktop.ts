import { resolve } from "node:path";
import en from "../../src/i18n/en.json";
import { Display } from "./display";
import { Process, run } from "./process";
import { chordOf, matches, type Name, type Role, type Screen } from "./screen";
import { until } from "./until";

const PROGRAM = resolve(import.meta.dirname, "../../../bin/parley");
const READER = resolve(import.meta.dirname, "accessibility.py");
/** Debian's own Python: the one that its GObject bindings belong to. */
const PYTHON = "/usr/bin/python3";

/** What AT-SPI calls a role. */
const roles: Record<Role, string> = {
	button: "push button",
	textbox: "entry",
	link: "link",
	switch: "toggle button",
	heading: "heading",
	option: "list item",
	menuitem: "menu item",
	dialog: "dialog",
	checkbox: "check box",
};

/** What xdotool calls a key, where it is not its name in the DOM. */
const keysyms: Record<string, string> = {
	Control: "ctrl",
	Shift: "shift",
	Alt: "alt",
	Enter: "Return",
	Backspace: "BackSpace",
	ArrowLeft: "Left",
	ArrowUp: "Up",
	ArrowRight: "Right",
	ArrowDown: "Down",
};

/** One object of the accessibility tree, as a screen reader gets to know it. */
export interface Accessible {
	depth: number;
	role: string;
	name: string;
	/** What is read after the name: a field's hint, and what is wrong with it. */
	description: string;
	text: string;
	focused: boolean;
	box: [x: number, y: number, width: number, height: number] | null;
}

/** The real desktop program, on a screen and a session bus of its own, used by keyboard and mouse. */
export class DesktopScreen implements Screen {
	readonly #display: Display;
	readonly #program: Process;
	readonly #pid: number;
	readonly #env: NodeJS.ProcessEnv;

	private constructor(display: Display, program: Process, pid: number, env: NodeJS.ProcessEnv) {
		this.#display = display;
		this.#program = program;
		this.#pid = pid;
		this.#env = env;
	}

	static async open(
		data: string,
		command: readonly string[] = [PROGRAM, "--data", data],
	): Promise<DesktopScreen> {
		const display = await Display.open();
		// The shell becomes the program, so its process ID is the program's.
		const introduce = 'echo "session $$ $DBUS_SESSION_BUS_ADDRESS"; exec "$@"';
		const env = { ...display.env, XDG_DATA_HOME: data, NO_AT_BRIDGE: "0" };
		const program = new Process(
			"the desktop program",
			"dbus-run-session",
			["--", "sh", "-c", introduce, "sh", ...command],
			{ env },
		);
		const [pid, bus] = await program.line((line) => {
			const [word, pid, bus] = line.split(" ");
			return word === "session" && pid && bus ? ([pid, bus] as const) : undefined;
		});
		const desktop = new DesktopScreen(display, program, Number(pid), {
			...env,
			DBUS_SESSION_BUS_ADDRESS: bus,
		});
		await until("the desktop window", () => desktop.#xdotool("search", "--onlyvisible", "--pid", pid));
		return desktop;
	}

	/** Everything on the screen, parents first. */
	async tree(): Promise<Accessible[]> {
		const out = await run(PYTHON, [READER, String(this.#pid)], { env: this.#env });
		return out
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line) as Accessible);
	}

	async press(role: Role, name: Name): Promise<void> {
		const { box } = await until(`a ${role} called ${name} in the accessibility tree`, () =>
			this.#find(role, name),
		);
		if (!box) throw new Error(`the ${role} ${name} has no place on the screen`);
		const [x, y, width, height] = box;
		await this.#xdotool("mousemove", String(x + (width >> 1)), String(y + (height >> 1)), "click", "1");
	}

	async has(role: Role, name: Name): Promise<boolean> {
		return (await this.#find(role, name)) !== undefined;
	}

	async type(text: string): Promise<void> {
		await this.#xdotool("type", "--delay", "15", text);
	}

	async key(chord: string): Promise<void> {
		const { modifiers, key } = chordOf(chord);
		await this.#xdotool("key", [...modifiers, key].map((name) => keysyms[name] ?? name).join("+"));
	}

	async value(name: Name): Promise<string> {
		return (await until(`a textbox called ${name}`, () => this.#find("textbox", name))).text;
	}

	async text(): Promise<string> {
		return (await this.tree())
			.map(({ name, text, description }) => `${text || name}\n${description}`)
			.join("\n");
	}

	/** The text as a screen reader reads it: what the accessibility tree says is in the editor. */
	async lines(): Promise<string[]> {
		const editor = (await this.tree()).find(
			(object) => object.role === "entry" && object.name === en.text.label,
		);
		return editor?.text.split("\n").filter((line) => line !== "") ?? [];
	}

	/** What is on the screen, for whoever asks why a test failed. */
	async remains(): Promise<string> {
		const things = await this.tree();
		const lines = things.map(
			({ depth, role, name, text, description }) =>
				`${" ".repeat(depth)}${role} "${name}" ${text} (${description})`,
		);
		return [this.#program.output, ...lines].join("\n");
	}

	/** Closes the window as a person would, and waits until the program has ended. */
	async quits(): Promise<void> {
		await this.key("Alt+F4");
		await until("the desktop program to end", () => !this.#program.alive);
	}

	async close(): Promise<void> {
		if (this.#program.alive) process.kill(this.#pid, "SIGTERM");
		await this.#program.end();
		await this.#display.close();
	}

	async #find(role: Role, name: Name): Promise<Accessible | undefined> {
		return (await this.tree()).find((object) => object.role === roles[role] && matches(name, object.name));
	}

	async #xdotool(...args: string[]): Promise<string> {
		return await run("xdotool", args, { env: this.#env });
	}
}
