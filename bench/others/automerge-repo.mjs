// One key from one automerge-repo to another over WebSocket, both storing in
// files, in two processes. Prints {"keys": [milliseconds…]}, each until the other
// side has it; it does not say when it is on the disk.
//
//	node automerge-repo.mjs WARM_UP LETTERS PAUSE DIRECTORY

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Repo } from "@automerge/automerge-repo";
import { WebSocketClientAdapter, WebSocketServerAdapter } from "@automerge/automerge-repo-network-websocket";
import { NodeFSStorageAdapter } from "@automerge/automerge-repo-storage-nodefs";
import { next as A } from "@automerge/automerge";
import { WebSocketServer } from "ws";

const [warmUp, letters, pause] = process.argv.slice(2, 5).map(Number);
const directory = process.argv[5];

const socket = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await new Promise((resolve) => socket.once("listening", resolve));
const other = new Repo({
	network: [new WebSocketServerAdapter(socket)],
	storage: new NodeFSStorageAdapter(join(directory, "other")),
	sharePolicy: async () => true,
});
const met = new Promise((resolve) => other.networkSubsystem.once("peer", resolve));
const repo = new Repo({
	network: [new WebSocketClientAdapter(`ws://127.0.0.1:${socket.address().port}`)],
	storage: new NodeFSStorageAdapter(join(directory, "one")),
});
await met;
const written = repo.create({ text: "" });
const read = await other.find(written.url);
await read.whenReady();
const keys = [];
for (let i = 0; i < warmUp + letters; i++) {
	const arrived = new Promise((resolve) => {
		read.on("change", function seen({ doc }) {
			if (doc.text.length === i + 1) {
				read.off("change", seen);
				resolve(performance.now());
			}
		});
	});
	const pressed = performance.now();
	written.change((doc) => A.splice(doc, ["text"], i, 0, "a"));
	const took = (await arrived) - pressed;
	if (i >= warmUp) keys.push(took);
	if (pause) await sleep(pause);
}
console.log(JSON.stringify({ keys }));
process.exit(0);
