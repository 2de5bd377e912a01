import { resolve } from "node:path";
import { Display } from "./display";
import { Process, run } from "./process";
import { until } from "./until";

const PROGRAM = resolve(import.meta.dirname, "../../../bin/parley");
const READER = resolve(import.meta.dirname, "accessibility.py");
/** Debian's own Python: the one that its GObject bindings belong to. */
const PYTHON = "/usr/bin/python3";

/** One object of the accessibility tree, as a screen reader gets to know it. */
export interface Accessible {
	depth: number;
	role: string;
	name: string;
	text: string;
	focused: boolean;
	box: [x: number, y: number, width: number, height: number] | null;
}

/** The real desktop program, on a screen and a session bus of its own, used by keyboard and mouse. */
export class Desktop {
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

	static async open(data: string, command: readonly string[] = [PROGRAM, "--data", data]): Promise<Desktop> {
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
		const desktop = new Desktop(display, program, Number(pid), { ...env, DBUS_SESSION_BUS_ADDRESS: bus });
		await until("the desktop window", () => desktop.#xdotool("search", "--onlyvisible", "--pid", pid));
		return desktop;
	}

	get log(): string {
		return this.#program.output;
	}

	/** Everything on the screen, parents first. */
	async tree(): Promise<Accessible[]> {
		const out = await run(PYTHON, [READER, String(this.#pid)], { env: this.#env });
		return out
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line) as Accessible);
	}

	/** The object of that role whose name matches, once there is one. */
	async finds(role: string, name: RegExp): Promise<Accessible> {
		return await until(`a ${role} called ${name} in the accessibility tree`, async () =>
			(await this.tree()).find((object) => object.role === role && name.test(object.name)),
		);
	}

	/** Clicks in the middle of an object. */
	async clicks(role: string, name: RegExp): Promise<void> {
		const { box } = await this.finds(role, name);
		if (!box) throw new Error(`the ${role} ${name} has no place on the screen`);
		const [x, y, width, height] = box;
		await this.#xdotool("mousemove", String(x + (width >> 1)), String(y + (height >> 1)), "click", "1");
	}

	async types(text: string): Promise<void> {
		await this.#xdotool("type", "--delay", "15", text);
	}

	/** Presses one key or chord, in xdotool's words: `Return`, `ctrl+b`. */
	async presses(key: string): Promise<void> {
		await this.#xdotool("key", key);
	}

	/** Writes a picture of the whole screen. */
	async picture(path: string): Promise<void> {
		await run("import", ["-window", "root", path], { env: this.#env });
	}

	/** Closes the window as a person would, and waits until the program has ended. */
	async quits(): Promise<void> {
		await this.presses("alt+F4");
		await until("the desktop program to end", () => !this.#program.alive);
	}

	async close(): Promise<void> {
		if (this.#program.alive) process.kill(this.#pid, "SIGTERM");
		await this.#program.end();
		await this.#display.close();
	}

	async #xdotool(...args: string[]): Promise<string> {
		return await run("xdotool", args, { env: this.#env });
	}
}
