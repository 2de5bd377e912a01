import { createHmac, timingSafeEqual } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fromBase64, toBase64 } from "./base64";
import { type Bridge, connect } from "./bridge";
import { ParleyError, toParleyError } from "./error";
import { Socket } from "./socket";
import { takeToken } from "./token";
import type { Connection } from "./transport";
import { openWails } from "./wails";

interface Said {
	nonce?: string;
	proof?: string;
	token?: string;
	id?: number;
	method?: string;
	params?: unknown[];
}

const HOST = "127.0.0.1:1";

/** What a side that knows a token proves. */
function proofOf(token: string, label: string, first: Buffer, second: Buffer, host = HOST): Buffer {
	return createHmac("sha256", token).update(label).update(first).update(second).update(host).digest();
}

/** The other end of a page's WebSocket. */
class Server {
	static all: Server[] = [];
	static get last(): Server {
		const server = Server.all.at(-1);
		if (server === undefined) throw new Error("the page has opened no socket");
		return server;
	}

	readonly url: string;
	readonly sent: Said[] = [];
	readonly #nonce = Buffer.alloc(32, 7);
	#heard: (() => void) | undefined;
	onopen: (() => void) | null = null;
	onmessage: ((message: { data: string }) => void) | null = null;
	onclose: ((event: { code: number }) => void) | null = null;

	constructor(url: string) {
		this.url = url;
		Server.all.push(this);
	}
	send(text: string) {
		this.sent.push(JSON.parse(text));
		this.#heard?.();
	}
	/** The handshake as a server has it that knows a token. It answers with whether the page knows it too. */
	async greets(token = "secret", host = HOST): Promise<boolean> {
		this.onopen?.();
		const theirs = Buffer.from(this.sent[0]?.nonce ?? "", "base64");
		const proof = proofOf(token, "parley/server", theirs, this.#nonce, host);
		const answered = new Promise<void>((resolve) => {
			this.#heard = resolve;
			this.onclosed = resolve;
		});
		this.says({ nonce: this.#nonce.toString("base64"), proof: proof.toString("base64") });
		await answered;
		this.#heard = undefined;
		const want = proofOf(token, "parley/window", this.#nonce, theirs, host);
		const got = Buffer.from(this.sent[1]?.proof ?? "", "base64");
		return got.length === want.length && timingSafeEqual(got, want);
	}
	onclosed: (() => void) | undefined;
	/** What the page has said after the handshake. */
	get asked(): Said[] {
		return this.sent.slice(2);
	}
	close(code: number) {
		this.onclose?.({ code });
		this.onclosed?.();
	}
	says(message: object) {
		this.onmessage?.({ data: JSON.stringify(message) });
	}
}

describe("over a WebSocket", () => {
	let bridge: Bridge;
	let states: Connection[];

	beforeEach(() => {
		vi.useFakeTimers();
		vi.stubGlobal("WebSocket", Server);
		Server.all = [];
		states = [];
		bridge = connect((listener) => new Socket(`ws://${HOST}/socket`, "secret", listener));
		bridge.onConnection((state) => states.push(state));
	});
	afterEach(() => {
		bridge.close();
		vi.unstubAllGlobals();
		vi.useRealTimers();
	});

	test("the handshake goes first, then what was asked meanwhile", async () => {
		const hello = bridge.api.Hello();
		expect(await Server.last.greets()).toBe(true);
		expect(Server.last.asked).toEqual([{ id: 1, method: "Hello", params: [] }]);
		expect(JSON.stringify(Server.last.sent)).not.toContain("secret");
		Server.last.says({ id: 1, result: { device: "d" } });
		await expect(hello).resolves.toEqual({ device: "d" });
		expect(states).toEqual(["connected"]);
	});

	test("answers find their questions in whatever order", async () => {
		await Server.last.greets();
		const first = bridge.api.Pull("s", "d", "body", 3);
		const second = bridge.api.Join("code");
		Server.last.says({ id: 2, error: { code: "expired", message: "This code has ended." } });
		Server.last.says({ id: 1, result: { position: 4, chunks: [] } });
		await expect(first).resolves.toEqual({ position: 4, chunks: [] });
		await expect(second).rejects.toEqual(new ParleyError("expired", "This code has ended."));
		await expect(second).rejects.toMatchObject({ code: "expired" });
	});

	test("events reach those who listen, until they stop", async () => {
		await Server.last.greets();
		const heard: unknown[] = [];
		const stop = bridge.on("here", (data) => heard.push(data.space));
		Server.last.says({ event: "here", data: { space: "s1" } });
		Server.last.says({ event: "of a newer Parley", data: {} });
		stop();
		Server.last.says({ event: "here", data: { space: "s2" } });
		expect(heard).toEqual(["s1"]);
	});

	test("a lost connection fails what was under way, and comes back by itself", async () => {
		await Server.last.greets();
		const commit = bridge.api.Commit("s", "d", "body", ["AA=="]);
		Server.last.onclose?.({ code: 1006 });
		await expect(commit).rejects.toMatchObject({ code: "disconnected" });
		await expect(bridge.api.Spaces()).rejects.toMatchObject({ code: "disconnected" });
		vi.advanceTimersByTime(100);
		expect(Server.all).toHaveLength(2);
		Server.last.onclose?.({ code: 1006 });
		vi.advanceTimersByTime(100);
		expect(Server.all).toHaveLength(2);
		vi.advanceTimersByTime(100);
		expect(Server.all).toHaveLength(3);
		await Server.last.greets();
		expect(Server.last.asked).toEqual([]);
		expect(states).toEqual(["connected", "disconnected", "connected"]);
		expect(bridge.connection).toBe("connected");
	});

	test("a token that is not accepted is not tried again", async () => {
		await Server.last.greets();
		Server.last.onclose?.({ code: 1008 });
		vi.advanceTimersByTime(60_000);
		expect(Server.all).toHaveLength(1);
		expect(bridge.connection).toBe("refused");
	});

	test.each([
		["does not know the token", "guessed", HOST],
		["passes on what another server says", "secret", "127.0.0.1:2"],
	])("a server that %s gets nothing", async (_, token, host) => {
		const hello = bridge.api.Hello();
		expect(await Server.last.greets(token, host)).toBe(false);
		await expect(hello).rejects.toMatchObject({ code: "disconnected" });
		expect(Server.last.sent).toHaveLength(1);
		expect(bridge.connection).toBe("refused");
	});

	test.each([
		["{"],
		["null"],
		['{"nonce":"AAAA","proof":"AAAA"}'],
		['{"nonce":"%","proof":"%"}'],
		['{"nonce":7}'],
	])("a server that begins with %s gets nothing", async (nonsense) => {
		const refused = new Promise<void>((resolve) => bridge.onConnection(() => resolve()));
		Server.last.onopen?.();
		Server.last.onmessage?.({ data: nonsense });
		await refused;
		expect(bridge.connection).toBe("refused");
		expect(Server.last.sent).toHaveLength(1);
	});

	test("a page that came unencrypted from another machine says the token", async () => {
		vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes });
		const other = connect((listener) => new Socket("ws://192.0.2.7:1/socket", "secret", listener));
		const hello = other.api.Hello();
		Server.last.onopen?.();
		expect(Server.last.sent).toEqual([{ token: "secret" }, { id: 1, method: "Hello", params: [] }]);
		other.close();
		await expect(hello).rejects.toMatchObject({ code: "disconnected" });
	});

	test("a locked device is a state of the connection until it is unlocked, here or elsewhere", async () => {
		await Server.last.greets();
		const hello = bridge.api.Hello();
		Server.last.says({ id: 1, error: { code: "locked", message: "Unlock it." } });
		await expect(hello).rejects.toMatchObject({ code: "locked" });
		expect(bridge.connection).toBe("locked");
		expect(bridge.lock).toMatchObject({ code: "locked" });

		const wrong = bridge.api.Unlock("not this one");
		Server.last.says({ id: 2, error: { code: "wrong-passphrase", message: "Not this one." } });
		await expect(wrong).rejects.toMatchObject({ code: "wrong-passphrase" });
		expect(bridge.connection).toBe("locked");
		const right = bridge.api.Unlock("this one");
		Server.last.says({ id: 3, result: null });
		await right;
		expect(bridge.connection).toBe("connected");
		expect(bridge.lock).toBeUndefined();

		const pull = bridge.api.Pull("s", "d", "body", 3);
		Server.last.says({ id: 4, error: { code: "keyring", message: "Open the keyring." } });
		await expect(pull).rejects.toMatchObject({ code: "keyring" });
		Server.last.says({ event: "unlocked", data: {} });
		expect(states).toEqual(["connected", "locked", "connected", "locked", "connected"]);
	});

	test("what was locked is found out anew after the connection was lost", async () => {
		await Server.last.greets();
		const hello = bridge.api.Hello();
		Server.last.says({ id: 1, error: { code: "locked", message: "Unlock it." } });
		await expect(hello).rejects.toMatchObject({ code: "locked" });
		Server.last.onclose?.({ code: 1006 });
		expect(bridge.connection).toBe("disconnected");
		vi.advanceTimersByTime(100);
		await Server.last.greets();
		expect(bridge.connection).toBe("connected");
		expect(states).toEqual(["connected", "locked", "disconnected", "connected"]);
	});

	test("nothing is opened any more once it is closed", async () => {
		await Server.last.greets();
		const waiting = bridge.api.Spaces();
		bridge.close();
		await expect(waiting).rejects.toMatchObject({ code: "disconnected" });
		vi.advanceTimersByTime(60_000);
		expect(Server.all).toHaveLength(1);
	});
});

const opened: string[] = [];
const titles: string[] = [];
const desktop = {
	BrowserOpenURL: (href: string) => opened.push(href),
	WindowSetTitle: (title: string) => titles.push(title),
};
/** A page whose title changes when the test says so. */
class TitleObserver {
	static current: TitleObserver | undefined;
	readonly changed: () => void;
	constructor(changed: () => void) {
		this.changed = changed;
		TitleObserver.current = this;
	}
	observe(): void {}
	disconnect(): void {
		TitleObserver.current = undefined;
	}
}
const bound = {
	Call: async (method: string, params: unknown[]) => {
		if (method === "CreateSpace") return { id: "1", name: params[0] };
		throw new Error('{"code":"withdrawn","message":"This code was withdrawn."}');
	},
};

describe("over Wails", () => {
	afterEach(() => vi.unstubAllGlobals());

	test("calls go to the bound methods, and their errors come back as ParleyErrors", async () => {
		const stopped: string[] = [];
		const heard: unknown[] = [];
		const listeners = new Map<string, (data: unknown) => void>();
		vi.stubGlobal("document", { title: "Bus stop – Parley", head: {} });
		vi.stubGlobal("MutationObserver", TitleObserver);
		vi.stubGlobal("window", {
			go: {
				desktop: { Page: bound },
			},
			runtime: {
				...desktop,
				EventsOn: (event: string, listener: (data: unknown) => void) => {
					listeners.set(event, listener);
					return () => stopped.push(event);
				},
			},
		});
		const bridge = connect((listener) => {
			const transport = openWails(listener);
			if (transport === undefined) throw new Error("no Wails here");
			return transport;
		});
		bridge.on("moved", (data) => heard.push(data.position));
		listeners.get("moved")?.({ position: 7 });
		expect(heard).toEqual([7]);
		await expect(bridge.api.CreateSpace("Park")).resolves.toMatchObject({ name: "Park" });
		await expect(bridge.api.Join("x")).rejects.toMatchObject({ code: "withdrawn" });
		await expect(bridge.api.Network()).rejects.toBeInstanceOf(ParleyError);
		bridge.openLink("https://example.org/");
		expect(opened).toEqual(["https://example.org/"]);
		TitleObserver.current?.changed();
		expect(titles).toEqual(["Bus stop – Parley"]);
		bridge.close();
		expect(stopped).toContain("moved");
		expect(TitleObserver.current).toBeUndefined();
	});

	test("a browser has none", () => {
		vi.stubGlobal("window", {});
		expect(openWails({ event: () => undefined, connection: () => undefined })).toBeUndefined();
	});
});

describe("errors", () => {
	test("of every shape become ParleyErrors", () => {
		const told = { code: "timeout", message: "It took too long." };
		expect(toParleyError(told)).toMatchObject(told);
		expect(toParleyError(JSON.stringify(told))).toMatchObject(told);
		expect(toParleyError("plain words")).toMatchObject({ code: "unknown", message: "plain words" });
		expect(toParleyError(new TypeError("oh"))).toMatchObject({ code: "unknown", message: "oh" });
		expect(toParleyError(null)).toMatchObject({ code: "unknown" });
	});
});

describe("base64", () => {
	test("goes there and back, with and without the engine's own", () => {
		const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256);
		const text = Buffer.from(bytes).toString("base64");
		expect(toBase64(bytes)).toBe(text);
		expect(fromBase64(text)).toEqual(bytes);
		expect(toBase64(new Uint8Array())).toBe("");
		expect(fromBase64("")).toEqual(new Uint8Array());
	});
});

describe("the token", () => {
	const page = (hash: string) => {
		const kept = new Map<string, string>();
		const shown: string[] = [];
		const location = { hash, pathname: "/", search: "" } as Location;
		const history = { state: null, replaceState: (_: unknown, __: string, url: string) => shown.push(url) };
		const session = {
			getItem: (key: string) => kept.get(key) ?? null,
			setItem: (k: string, v: string) => kept.set(k, v),
		};
		const take = (at: Location) =>
			takeToken(at, history as unknown as History, session as unknown as Storage);
		return { location, shown, take };
	};

	test("leaves the address bar and survives a reload", () => {
		const { location, shown, take } = page("#token=s3-cr_t");
		expect(take(location)).toBe("s3-cr_t");
		expect(shown).toEqual(["/"]);
		expect(take({ ...location, hash: "" })).toBe("s3-cr_t");
	});

	test("is empty where the page was opened without one", () => {
		const { location, take } = page("");
		expect(take(location)).toBe("");
	});
});
