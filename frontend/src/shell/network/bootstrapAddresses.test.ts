import { expect, test } from "vitest";
import { entered, wrongAddress } from "./bootstrapAddresses";

const one = "/ip4/198.51.100.7/tcp/4002/p2p/12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust";
const two = "/dns4/library.example/udp/4002/quic-v1/p2p/12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust";

test("addresses are lines, each once", () => {
	expect(entered(`  ${one}\n\n${two},${one}\r\n`)).toEqual([one, two]);
	expect(entered(" \n ")).toEqual([]);
});

test("what cannot be an address is said", () => {
	expect(wrongAddress([one, two])).toBeUndefined();
	expect(wrongAddress([])).toBeUndefined();
	for (const wrong of [
		"library.example",
		"198.51.100.7:4002",
		"/ip4/198.51.100.7/tcp/4002",
		`${one}/`,
		"/p2p/12D3KooW",
	]) {
		expect(wrongAddress([one, wrong])).toBe(wrong);
	}
});
