import { mkdtemp, rm, statfs, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./process";

const privileged = process.getuid?.() === 0 ? [] : ["sudo", "-n"];

/** A disk of its own, in memory, that can be filled up and cleared again. */
export class Disk {
	readonly path: string;

	private constructor(path: string) {
		this.path = path;
	}

	static async mount(megabytes: number): Promise<Disk> {
		const path = await mkdtemp(join(tmpdir(), "parley-e2e-disk-"));
		const options = `size=${megabytes}m,mode=0700,uid=${process.getuid?.() ?? 0}`;
		await root("mount", "-t", "tmpfs", "-o", options, "parley-e2e", path);
		return new Disk(path);
	}

	/** Takes all the room that is left. */
	async fill(): Promise<void> {
		const { bavail, bsize } = await statfs(this.path);
		await run("fallocate", ["-l", String(bavail * bsize), this.#ballast]);
	}

	/** Gives the room back. */
	async clear(): Promise<void> {
		await unlink(this.#ballast);
	}

	async close(): Promise<void> {
		await root("umount", this.path);
		await rm(this.path, { recursive: true });
	}

	get #ballast(): string {
		return join(this.path, "ballast");
	}
}

async function root(...args: string[]): Promise<void> {
	const [command = "", ...rest] = [...privileged, ...args];
	await run(command, rest);
}
