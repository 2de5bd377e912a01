/** The addresses in a text, one in a line. */
export function entered(text: string): string[] {
	return [...new Set(text.split(/[\s,]+/).filter((address) => address !== ""))];
}

/** The first that cannot be the address of a computer to ask: it says where it is, how it is reached and who it is. */
export function wrongAddress(addresses: readonly string[]): string | undefined {
	return addresses.find(
		(address) => !/^\/(ip4|ip6|dns|dns4|dns6)\/[^/]+\/(tcp|udp)\/\d+(\/[^/]+)*\/p2p\/\w+$/.test(address),
	);
}
