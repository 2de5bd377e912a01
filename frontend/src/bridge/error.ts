/**
 * A refusal or failure of the Go side. `code` is for screens to choose their words by; `message` is a sentence
 * in English that says what happened and what to do, for codes a screen does not know.
 */
export class ParleyError extends Error {
	readonly code: string;

	constructor(code: string, message: string) {
		super(message);
		this.name = "ParleyError";
		this.code = code;
	}
}

/** The bridge's own code: the connection to the Go side ended before the answer came. */
export const DISCONNECTED = "disconnected";

/** Makes a ParleyError of whatever a transport rejected with: an object, its JSON, or a bare string. */
export function toParleyError(reason: unknown): ParleyError {
	if (reason instanceof ParleyError) return reason;
	if (reason instanceof Error) return toParleyError(reason.message); // Wails puts what it is given into an Error
	if (typeof reason === "string") {
		const parsed = parseObject(reason);
		return parsed === undefined ? new ParleyError("unknown", reason) : toParleyError(parsed);
	}
	if (typeof reason === "object" && reason !== null) {
		const code = "code" in reason && typeof reason.code === "string" ? reason.code : "unknown";
		const message = "message" in reason && typeof reason.message === "string" ? reason.message : code;
		return new ParleyError(code, message);
	}
	return new ParleyError("unknown", String(reason));
}

function parseObject(text: string): object | undefined {
	try {
		const value: unknown = JSON.parse(text);
		return typeof value === "object" && value !== null ? value : undefined;
	} catch {
		return undefined; // Not JSON: the text itself is the message.
	}
}
