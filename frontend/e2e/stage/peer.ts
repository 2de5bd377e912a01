import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Computer } from "./network";
import { Process, run } from "./process";

const PROGRAM = resolve(import.meta.dirname, "../../../bin/parley-node");

interface Serving {
	device: string;
	addresses: string[];
	web: string;
}

/** One device: a real parley-node on a data directory of its own, and commands run against that directory. */
export class Peer {
	readonly name: string;
	readonly data: string;
	readonly #program: string;
	readonly #address: string;
	#process: Process | undefined;
	#serving: Serving | undefined;

	private constructor(name: string, data: string, program: string, address: string) {
		this.name = name;
		this.data = data;
		this.#program = program;
		this.#address = address;
	}

	/** Without a computer of its own the peer stays on this one's loopback; `folder` holds its data directory. */
	static async create(name: string, computer?: Computer, folder = tmpdir()): Promise<Peer> {
		const data = await mkdtemp(join(folder, `parley-e2e-${name.toLowerCase()}-`));
		const program = (await computer?.wrapper(PROGRAM)) ?? PROGRAM;
		return new Peer(name, data, program, computer?.address ?? "127.0.0.1");
	}

	get serving(): Serving {
		if (!this.#serving) throw new Error(`${this.name}'s node was never started`);
		return this.#serving;
	}

	/** Starts the node; after the first time at the same addresses as before, as it does without being told. */
	async start(): Promise<void> {
		const before = this.#serving;
		const listen = before
			? before.addresses.map((address) => address.replace(/\/p2p\/.*$/, ""))
			: [`/ip4/${this.#address}/udp/0/quic-v1`, `/ip4/${this.#address}/tcp/0`];
		const node = new Process(`${this.name}'s node`, this.#program, [
			// Nobody but this test's peers: other tests on this machine are none of our business.
			...["--data", this.data, "--json", "serve", "--web", "127.0.0.1:0", "--no-mdns"],
			...listen.flatMap((address) => ["--listen", address]),
		]);
		this.#process = node;
		this.#serving = await node.line((line) =>
			line.startsWith("{") ? (JSON.parse(line) as Serving) : undefined,
		);
	}

	/** Ends the node as pulling the plug would. */
	async dies(): Promise<void> {
		await this.#process?.end("SIGKILL");
	}

	/** Ends the node as a person would. */
	async stops(): Promise<void> {
		await this.#process?.end("SIGINT");
	}

	/** Nothing of this device moves any more, as when a laptop's lid is closed. */
	freezes(): void {
		this.#process?.signal("SIGSTOP");
	}

	thaws(): void {
		this.#process?.signal("SIGCONT");
	}

	/** What a command of parley-node answers: one object per line. */
	async command<T>(...args: string[]): Promise<T[]> {
		const out = await run(PROGRAM, ["--data", this.data, "--json", ...args]);
		return out
			.split("\n")
			.filter((line) => line !== "")
			.map((line) => JSON.parse(line) as T);
	}

	/** The titles of the only space's documents, as the command line lists them. */
	async titles(): Promise<string[]> {
		return (await this.#documents()).map(({ title }) => title);
	}

	/** The only space's only document, as the command line shows it. */
	async onlyDocument(format: "text" | "markdown"): Promise<string> {
		const [document] = await this.#documents();
		if (!document) throw new Error(`${this.name} has no document`);
		const { space, id } = document;
		return await run(PROGRAM, ["--data", this.data, "document", "show", space, id, "--format", format]);
	}

	/** Writes at the start of the only document, as a script does. */
	async writes(text: string): Promise<void> {
		const [document] = await this.#documents();
		const place = [document?.space ?? "", document?.id ?? ""];
		await this.command("document", "edit", ...place, "--at", "0", "--insert", text);
	}

	/** The only document as Automerge saves it. */
	async saved(): Promise<Uint8Array> {
		const [document] = await this.#documents();
		const place = ["document", "show", document?.space ?? "", document?.id ?? ""];
		const [shown] = await this.command<{ content: string }>(...place, "--format", "automerge");
		return Buffer.from(shown?.content ?? "", "base64");
	}

	/** Takes in what another Automerge program has made of the only document. */
	async merges(saved: Uint8Array): Promise<void> {
		const [document] = await this.#documents();
		const file = join(this.data, "..", `${document?.id}.automerge`);
		await writeFile(file, saved);
		try {
			await this.command("document", "merge", document?.space ?? "", document?.id ?? "", file);
		} finally {
			await rm(file);
		}
	}

	async #documents(): Promise<{ space: string; id: string; title: string }[]> {
		const [space] = await this.command<{ id: string }>("space", "list");
		if (!space) throw new Error(`${this.name} is in no space`);
		const documents = await this.command<{ id: string; title: string }>("document", "list", space.id);
		return documents.map((document) => ({ ...document, space: space.id }));
	}

	get log(): string {
		return this.#process?.output ?? "";
	}

	async close(): Promise<void> {
		this.thaws();
		await this.stops();
		await rm(this.data, { recursive: true, force: true });
	}
}
