import { type EventName, eventNames, type Method } from "./api";
import { DISCONNECTED, ParleyError, toParleyError } from "./error";
import { Handshake } from "./handshake";
import type { Connection, Transport, TransportListener } from "./transport";

/** The close code of a WebSocket whose token, Origin or Host was not accepted (policy violation). */
const REFUSED = 1008;
const FIRST_WAIT = 100;
const LONGEST_WAIT = 5000;

interface Waiting {
	resolve(result: unknown): void;
	reject(error: ParleyError): void;
}

interface Answer {
	id?: number;
	result?: unknown;
	error?: unknown;
	event?: string;
	data?: unknown;
}

/**
 * A browser's way: calls and events over a WebSocket to the address the page came from. It begins
 * with a handshake, in which each side shows that it knows the token. When the connection ends, every unanswered call
 * rejects with the code "disconnected" (whether it took effect is not known) and the socket is opened again
 * after a growing wait, or at once when the page is shown again or the computer comes online.
 */
export class Socket implements Transport {
	#connection: Connection = "connecting";
	#socket: WebSocket | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#wait = FIRST_WAIT;
	#nextID = 1;
	#waiting = new Map<number, Waiting>();
	/** Calls made before the connection stands; sent when it does. */
	#held: string[] = [];
	#closed = false;
	readonly #url: string;
	readonly #token: string;
	readonly #listener: TransportListener;

	constructor(url: string, token: string, listener: TransportListener) {
		this.#url = url;
		this.#token = token;
		this.#listener = listener;
		this.#open();
	}

	get connection(): Connection {
		return this.#connection;
	}

	call(method: Method, params: readonly unknown[]): Promise<unknown> {
		if (this.#closed || this.#connection === "disconnected" || this.#connection === "refused") {
			return Promise.reject(disconnected());
		}
		const id = this.#nextID++;
		const message = JSON.stringify({ id, method, params });
		return new Promise((resolve, reject) => {
			this.#waiting.set(id, { resolve, reject });
			if (this.#connection === "connected") this.#socket?.send(message);
			else this.#held.push(message);
		});
	}

	openLink(href: string): void {
		window.open(href, "_blank", "noopener,noreferrer");
	}

	/** Tries again now instead of waiting for the next attempt. */
	retry(): void {
		if (this.#timer === undefined) return;
		clearTimeout(this.#timer);
		this.#open();
	}

	close(): void {
		this.#closed = true;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#socket?.close(1000);
		this.#drop();
	}

	#open(): void {
		this.#timer = undefined;
		const socket = new WebSocket(this.#url);
		this.#socket = socket;
		const handshake = new Handshake(this.#token, new URL(this.#url).host);
		socket.onopen = () => {
			socket.send(JSON.stringify(handshake.opening));
			if (!handshake.proves) this.#ready(socket);
		};
		socket.onmessage = (message) => {
			if (this.#connection === "connected") this.#receive(String(message.data));
			else void this.#prove(socket, handshake, String(message.data));
		};
		socket.onclose = (event) => this.#ended(socket, event.code);
	}

	/** Answers the server's part of the handshake, or has nothing to do with a server that does not know the token. */
	async #prove(socket: WebSocket, handshake: Handshake, text: string): Promise<void> {
		const proof = await handshake.answer(parse(text));
		if (this.#socket !== socket) return; // it has ended meanwhile
		if (proof === undefined) {
			this.#ended(socket, REFUSED);
			socket.close(1000);
			return;
		}
		socket.send(JSON.stringify(proof));
		this.#ready(socket);
	}

	/**
	 * The page has said what it has to say. A server that does not accept it closes the socket, and calls made
	 * meanwhile are then rejected like any others that were under way.
	 */
	#ready(socket: WebSocket): void {
		this.#wait = FIRST_WAIT;
		this.#set("connected");
		for (const message of this.#held.splice(0)) socket.send(message);
	}

	#receive(text: string): void {
		const answer = JSON.parse(text) as Answer;
		if (answer.event !== undefined) {
			if (isEvent(answer.event)) this.#listener.event(answer.event, answer.data as never);
			return;
		}
		if (answer.id === undefined) return;
		const waiting = this.#waiting.get(answer.id);
		if (waiting === undefined) return;
		this.#waiting.delete(answer.id);
		if (answer.error !== undefined && answer.error !== null) waiting.reject(toParleyError(answer.error));
		else waiting.resolve(answer.result);
	}

	#ended(socket: WebSocket, code: number): void {
		if (this.#socket !== socket || this.#closed) return;
		this.#socket = undefined;
		this.#drop();
		if (code === REFUSED) {
			this.#set("refused");
			return;
		}
		this.#set("disconnected");
		this.#timer = setTimeout(() => this.#open(), this.#wait);
		this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
	}

	#drop(): void {
		this.#held.length = 0;
		const lost = [...this.#waiting.values()];
		this.#waiting.clear();
		for (const waiting of lost) waiting.reject(disconnected());
	}

	#set(state: Connection): void {
		if (this.#connection === state) return;
		this.#connection = state;
		this.#listener.connection(state);
	}
}

function disconnected(): ParleyError {
	return new ParleyError(
		DISCONNECTED,
		"This window has lost its connection to Parley. It connects again by itself as soon as Parley runs.",
	);
}

function parse(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function isEvent(name: string): name is EventName {
	return (eventNames as readonly string[]).includes(name);
}
