// Serves two other editors with the document of the first argument in them, built into the directory of the
// second, until standard input ends. Prints {"pages", "hocuspocus", "repo", "url"}: the address of the pages, the
// ports of their servers, and what automerge-repo calls the document.
//
//	node serve.mjs DOCUMENT.json DIRECTORY

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as A from "@automerge/automerge";
import { Repo } from "@automerge/automerge-repo";
import { WebSocketServerAdapter } from "@automerge/automerge-repo-network-websocket";
import { Server } from "@hocuspocus/server";
import { WebSocketServer } from "ws";
import { prosemirrorJSONToYDoc } from "y-prosemirror";
import * as Y from "yjs";
import { FIELD, ROOM, schema } from "./schema.js";

const [file, out] = process.argv.slice(2);
const { blocks } = JSON.parse(await readFile(file, "utf8"));

/** The document as ProseMirror's JSON. */
function asProseMirror() {
	const content = blocks.map(({ type, pieces }) => {
		const text = pieces.map(({ text, mark }) => ({ type: "text", text, marks: mark ? [{ type: mark }] : [] }));
		if (type === "heading") return { type, attrs: { level: 2 }, content: text };
		const paragraph = { type: "paragraph", content: text };
		if (type === "paragraph") return paragraph;
		return { type: "bullet_list", content: [{ type: "list_item", content: [paragraph] }] };
	});
	return { type: "doc", content };
}

/** The document as Automerge's rich text. */
function writeAutomerge(doc) {
	let at = 0;
	for (const { type, pieces } of blocks) {
		const name = type === "item" ? "unordered-list-item" : type;
		const attrs = type === "heading" ? { level: 2 } : {};
		A.splitBlock(doc, ["text"], at++, {
			type: new A.ImmutableString(name),
			parents: [],
			attrs,
			isEmbed: false,
		});
		for (const { text, mark } of pieces) {
			A.splice(doc, ["text"], at, 0, text);
			if (mark) A.mark(doc, ["text"], { start: at, end: at + text.length, expand: "none" }, mark, true);
			at += text.length;
		}
	}
}

const hocuspocus = new Server({
	address: "127.0.0.1",
	port: 0,
	quiet: true,
	stopOnSignals: false,
	async onLoadDocument({ document }) {
		Y.applyUpdate(document, Y.encodeStateAsUpdate(prosemirrorJSONToYDoc(schema, asProseMirror(), FIELD)));
	},
});
await hocuspocus.listen();

const socket = new WebSocketServer({ host: "127.0.0.1", port: 0 });
await new Promise((resolve) => socket.once("listening", resolve));
const repo = new Repo({ network: [new WebSocketServerAdapter(socket)], sharePolicy: async () => true });
const handle = repo.create({ text: "" });
handle.change(writeAutomerge);

const root = fileURLToPath(new URL(".", import.meta.url));
const vite = createRequire(new URL("../../../frontend/package.json", import.meta.url)).resolve("vite");
const { build } = await import(pathToFileURL(vite));
await build({
	root,
	configFile: false,
	logLevel: "warn",
	base: "./",
	resolve: { alias: [{ find: /^@automerge\/automerge$/, replacement: "@automerge/automerge/slim" }] },
	build: {
		outDir: out,
		emptyOutDir: true,
		target: "es2022",
		chunkSizeWarningLimit: 8192,
		rollupOptions: { input: [join(root, "yjs.html"), join(root, "automerge.html")] },
	},
});

const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css" };
const pages = createServer(async (request, response) => {
	const { pathname } = new URL(request.url, "http://localhost");
	try {
		const body = await readFile(join(out, pathname));
		response.writeHead(200, { "Content-Type": types[extname(pathname)] ?? "application/octet-stream" }).end(body);
	} catch {
		response.writeHead(404).end();
	}
});
await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
console.log(
	JSON.stringify({
		pages: `http://127.0.0.1:${pages.address().port}`,
		hocuspocus: hocuspocus.address.port,
		repo: socket.address().port,
		url: handle.url,
		room: ROOM,
	}),
);
process.stdin.on("end", () => process.exit(0)).resume();
