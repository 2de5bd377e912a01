/** Bytes to and from standard, padded base64, as Go's encoding/json writes []byte. */

interface NativeEncoder {
	toBase64?: () => string;
}

interface NativeDecoder {
	fromBase64?: (text: string) => Uint8Array<ArrayBuffer>;
}

// String.fromCharCode takes its input as arguments; this many fit on every engine's stack.
const SLICE = 0x8000;

export function toBase64(bytes: Uint8Array): string {
	const native = (bytes as Uint8Array & NativeEncoder).toBase64;
	if (native !== undefined) return native.call(bytes);
	let binary = "";
	for (let at = 0; at < bytes.length; at += SLICE) {
		binary += String.fromCharCode(...bytes.subarray(at, at + SLICE));
	}
	return btoa(binary);
}

/** Throws a SyntaxError or DOMException where `text` is not base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
	const native = (Uint8Array as typeof Uint8Array & NativeDecoder).fromBase64;
	if (native !== undefined) return native.call(Uint8Array, text);
	const binary = atob(text);
	const bytes = new Uint8Array(binary.length);
	for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
	return bytes;
}
