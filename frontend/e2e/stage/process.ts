import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { PATIENCE } from "./until";

/**
 * A process that a test started and ends, by its own ID and with everything it printed at hand for the message
 * of a failure.
 */
export class Process {
	readonly #child: ChildProcess;
	readonly #name: string;
	readonly #ended: Promise<void>;
	#output = "";

	constructor(name: string, command: string, args: readonly string[], options: SpawnOptions = {}) {
		this.#name = name;
		this.#child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
		for (const stream of [this.#child.stdout, this.#child.stderr]) {
			stream?.setEncoding("utf8");
			stream?.on("data", (text: string) => {
				this.#output += text;
			});
		}
		this.#ended = new Promise((resolve) => {
			this.#child.once("exit", () => resolve());
			this.#child.once("error", (error) => {
				this.#output += `${error}\n`;
				resolve();
			});
		});
	}

	get output(): string {
		return this.#output;
	}

	get alive(): boolean {
		return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
	}

	/** The first line on stdout that `pick` makes something of. */
	async line<T>(pick: (line: string) => T | undefined): Promise<T> {
		const deadline = AbortSignal.timeout(PATIENCE);
		let text = "";
		const stdout = this.#child.stdout;
		if (!stdout) throw new Error(`${this.#name} has no stdout to read`);
		return await new Promise<T>((resolve, reject) => {
			const look = (chunk: string) => {
				text += chunk;
				const lines = text.split("\n");
				text = lines.pop() ?? "";
				for (const line of lines) {
					const found = pick(line);
					if (found === undefined) continue;
					stdout.off("data", look);
					resolve(found);
					return;
				}
			};
			stdout.on("data", look);
			deadline.addEventListener("abort", () =>
				reject(new Error(`${this.#name} did not say what was expected. It said:\n${this.#output}`)),
			);
			this.#ended.then(() => reject(new Error(`${this.#name} ended. It said:\n${this.#output}`)));
		});
	}

	signal(signal: NodeJS.Signals): void {
		this.#child.kill(signal);
	}

	/** Asks the process to end, insists after a while, and waits until it is gone. */
	async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
		if (this.alive) {
			this.signal(signal);
			const insist = setTimeout(() => this.signal("SIGKILL"), PATIENCE / 2);
			await this.#ended;
			clearTimeout(insist);
		}
		await this.#ended;
	}
}

/** Runs a command to its end. Its stdout, or an error with its stderr where it failed. */
export async function run(
	command: string,
	args: readonly string[],
	options: SpawnOptions = {},
): Promise<string> {
	const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
	let stdout = "";
	let stderr = "";
	child.stdout?.setEncoding("utf8").on("data", (text: string) => {
		stdout += text;
	});
	child.stderr?.setEncoding("utf8").on("data", (text: string) => {
		stderr += text;
	});
	const [code] = await once(child, "close");
	if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}: ${stderr}${stdout}`);
	return stdout;
}
