// One key from one Hocuspocus client to another, through its server, which is a
// process of its own and stores nothing. Prints {"keys": [milliseconds…]}.
//
//	node hocuspocus.mjs WARM_UP LETTERS PAUSE

import { fork } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { HocuspocusProvider } from "@hocuspocus/provider";
import { Server } from "@hocuspocus/server";
import WebSocket from "ws";
import * as Y from "yjs";

const SERVE = "serve";

if (process.argv[2] === SERVE) {
	const server = new Server({ address: "127.0.0.1", port: 0, quiet: true, stopOnSignals: false });
	await server.listen();
	process.send(server.address.port);
	process.on("disconnect", () => process.exit(0));
} else {
	await measure(...process.argv.slice(2, 5).map(Number));
}

async function measure(warmUp, letters, pause) {
	const server = fork(process.argv[1], [SERVE]);
	const port = await new Promise((resolve, reject) => {
		server.once("message", resolve);
		server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)));
	});
	globalThis.WebSocket ??= WebSocket;
	const clients = [client(port), client(port)];
	await Promise.all(clients.map((c) => c.synced));
	const [writer, reader] = clients.map((c) => c.doc.getText("text"));
	const keys = [];
	for (let i = 0; i < warmUp + letters; i++) {
		const arrived = new Promise((resolve) => {
			reader.observe(function seen() {
				if (reader.length === i + 1) {
					reader.unobserve(seen);
					resolve(performance.now());
				}
			});
		});
		const pressed = performance.now();
		writer.insert(i, "a");
		const took = (await arrived) - pressed;
		if (i >= warmUp) keys.push(took);
		if (pause) await sleep(pause);
	}
	console.log(JSON.stringify({ keys }));
	for (const c of clients) c.provider.destroy();
	server.disconnect();
}

function client(port) {
	const doc = new Y.Doc();
	let provider;
	const synced = new Promise((resolve) => {
		provider = new HocuspocusProvider({
			url: `ws://127.0.0.1:${port}`,
			name: "bench",
			document: doc,
			onSynced: () => resolve(),
		});
	});
	return { doc, provider, synced };
}
