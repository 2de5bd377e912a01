import { Process } from "./process";

/** A screen that nobody looks at: an X server of our own, with a window manager, because focus needs one. */
export class Display {
	readonly #server: Process;
	readonly #manager: Process;
	/** What a program needs in its environment to appear here. */
	readonly env: NodeJS.ProcessEnv;

	private constructor(server: Process, manager: Process, env: NodeJS.ProcessEnv) {
		this.#server = server;
		this.#manager = manager;
		this.env = env;
	}

	static async open(size = "1280x900"): Promise<Display> {
		const server = new Process("Xvfb", "Xvfb", [
			...["-displayfd", "1", "-screen", "0", `${size}x24`],
			...["-nolisten", "tcp", "-noreset"],
		]);
		const number = await server.line((line) => (/^\d+$/.test(line) ? line : undefined));
		const env: NodeJS.ProcessEnv = { ...process.env, DISPLAY: `:${number}`, WAYLAND_DISPLAY: "" };
		// Software rendering: there is no graphics card behind this screen.
		env.LIBGL_ALWAYS_SOFTWARE = "1";
		const manager = new Process("openbox", "openbox", [], { env });
		return new Display(server, manager, env);
	}

	async close(): Promise<void> {
		await this.#manager.end();
		await this.#server.end();
	}
}
