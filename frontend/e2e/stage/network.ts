import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { run } from "./process";

/** What makes a command privileged enough to lay cables. */
const privileged = process.getuid?.() === 0 ? [] : ["sudo", "-n"];

/** Two computers, each with a network of its own, and one cable between them that can be pulled. */
export class Cable {
	readonly first: Computer;
	readonly second: Computer;

	private constructor(first: Computer, second: Computer) {
		this.first = first;
		this.second = second;
	}

	static async lay(): Promise<Cable> {
		// Interface names have at most 15 characters, and other test runs may lay cables too.
		const tag = `p${process.pid % 1_000_000}`;
		const first = await Computer.create(`${tag}a`, "10.77.0.1");
		const second = await Computer.create(`${tag}b`, "10.77.0.2");
		await ip(
			"link",
			"add",
			first.name,
			"netns",
			first.name,
			"type",
			"veth",
			"peer",
			second.name,
			"netns",
			second.name,
		);
		for (const computer of [first, second]) {
			await ip("-n", computer.name, "addr", "add", `${computer.address}/24`, "dev", computer.name);
			await ip("-n", computer.name, "link", "set", "lo", "up");
		}
		const cable = new Cable(first, second);
		await cable.plug();
		return cable;
	}

	async plug(): Promise<void> {
		for (const { name } of [this.first, this.second]) await ip("-n", name, "link", "set", name, "up");
	}

	/** From now on nothing gets through, and nobody is told. */
	async pull(): Promise<void> {
		await ip("-n", this.second.name, "link", "set", this.second.name, "down");
	}

	/** From now on so much gets through in a second, each way. */
	async narrow(kilobits: number): Promise<void> {
		for (const { name } of [this.first, this.second]) {
			const shape = ["root", "tbf", "rate", `${kilobits}kbit`, "burst", "16kb", "latency", "1s"];
			const tc = [...privileged, "tc", "-n", name, "qdisc", "add", "dev", name, ...shape];
			await run(tc[0] ?? "tc", tc.slice(1));
		}
	}

	async close(): Promise<void> {
		await this.first.close();
		await this.second.close();
	}
}

/** A network namespace: programs in it see its loopback and its end of the cable, and nothing else. */
export class Computer {
	readonly name: string;
	readonly address: string;
	readonly #folder: string;

	private constructor(name: string, address: string, folder: string) {
		this.name = name;
		this.address = address;
		this.#folder = folder;
	}

	static async create(name: string, address: string): Promise<Computer> {
		await ip("netns", "add", name);
		return new Computer(name, address, await mkdtemp(join(tmpdir(), "parley-e2e-computer-")));
	}

	/** A program that runs another one inside, for those who start programs by path. */
	async wrapper(program: string): Promise<string> {
		const path = join(this.#folder, basename(program));
		const back = privileged.length === 0 ? "" : `sudo -n -u '#${process.getuid?.()}' `;
		const inside = [...privileged, "ip", "netns", "exec", this.name].join(" ");
		await writeFile(path, `#!/bin/sh\nexec ${inside} ${back}${program} "$@"\n`);
		await chmod(path, 0o755);
		return path;
	}

	async close(): Promise<void> {
		await ip("netns", "del", this.name);
		await rm(this.#folder, { recursive: true, force: true });
	}
}

async function ip(...args: string[]): Promise<void> {
	const [command = "ip", ...rest] = [...privileged, "ip", ...args];
	await run(command, rest);
}
