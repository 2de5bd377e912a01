import { afterEach, expect, test, vi } from "vitest";
import { Handshake } from "./handshake";

afterEach(() => vi.unstubAllGlobals());

// app/web/handshake_test.go has the same values.
test("proofs are as documented", async () => {
	vi.stubGlobal("crypto", {
		subtle: crypto.subtle,
		getRandomValues: (bytes: Uint8Array) => bytes.map((_, i) => i),
	});
	const handshake = new Handshake("s3cret-T0ken", "127.0.0.1:4001");
	const nonce = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - i)).toString("base64");
	const base64 = (hex: string) => Buffer.from(hex, "hex").toString("base64");
	const proof = base64("0e72da8d49392f3940e2c81fa3b47c9bc1d9cad64ab95e300a074b8a34f9a606");
	await expect(handshake.answer({ nonce, proof })).resolves.toEqual({
		proof: base64("500d6d94e571de247fcc68dbcffbede82d5096c914b1d31c630bb7e9d3613001"),
	});
});

test("a page without a token believes no server", async () => {
	const handshake = new Handshake("", "127.0.0.1:4001");
	const nonce = Buffer.alloc(32).toString("base64");
	await expect(handshake.answer({ nonce, proof: nonce })).resolves.toBeUndefined();
});
