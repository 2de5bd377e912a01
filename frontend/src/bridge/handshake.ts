import { fromBase64, toBase64 } from "./base64";

const encoder = new TextEncoder();
const NONCE = 32;

/**
 * The page's side of the handshake (docs/window.md). Each side shows the other that it knows the token without
 * saying it, so that a server which has taken the port of a Parley that ended learns nothing. What is proven
 * names the host, so that it cannot be passed on to a server at another port.
 */
export class Handshake {
	readonly #token: string;
	readonly #host: string;
	readonly #nonce = crypto.getRandomValues(new Uint8Array(NONCE));

	constructor(token: string, host: string) {
		this.#token = token;
		this.#host = host;
	}

	/**
	 * What the page says first. A page that came unencrypted from another machine has no WebCrypto: it says the
	 * token itself. On its own machine, where another user could listen, it always has it.
	 */
	get opening(): { nonce: string } | { token: string } {
		return this.proves ? { nonce: toBase64(this.#nonce) } : { token: this.#token };
	}

	/** Whether the server is to answer the opening. */
	get proves(): boolean {
		return crypto.subtle !== undefined;
	}

	/** What the page says to the server's answer; undefined where the server does not know the token. */
	async answer(reply: unknown): Promise<{ proof: string } | undefined> {
		if (!isReply(reply)) return undefined;
		try {
			const nonce = fromBase64(reply.nonce);
			const proof = fromBase64(reply.proof);
			if (nonce.length !== NONCE) return undefined;
			const key = await this.#key();
			const known = await crypto.subtle.verify(
				"HMAC",
				key,
				proof,
				this.#words("parley/server", this.#nonce, nonce),
			);
			if (!known) return undefined;
			const own = await crypto.subtle.sign("HMAC", key, this.#words("parley/window", nonce, this.#nonce));
			return { proof: toBase64(new Uint8Array(own)) };
		} catch {
			return undefined; // not base64, or a token that cannot be a key: it is empty
		}
	}

	#key(): Promise<CryptoKey> {
		const hmac = { name: "HMAC", hash: "SHA-256" };
		return crypto.subtle.importKey("raw", encoder.encode(this.#token), hmac, false, ["sign", "verify"]);
	}

	#words(label: string, first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
		const parts = [encoder.encode(label), first, second, encoder.encode(this.#host)];
		const all = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
		let at = 0;
		for (const part of parts) {
			all.set(part, at);
			at += part.length;
		}
		return all;
	}
}

function isReply(reply: unknown): reply is { nonce: string; proof: string } {
	return (
		typeof reply === "object" &&
		reply !== null &&
		"nonce" in reply &&
		typeof reply.nonce === "string" &&
		"proof" in reply &&
		typeof reply.proof === "string"
	);
}
