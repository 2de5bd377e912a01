// Reads {chunks: [base64…]} from standard input, loads them with Automerge JS
// 2.2.9, and prints {heads, kind, spans}. Runs in the repository's root.
import { createRequire } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

const require = createRequire(path.resolve("frontend/package.json"))
const entry = require.resolve("@automerge/automerge").replace(/dist[\\/].*$/, "dist/mjs/entrypoints/fullfat_node_next.js")
const A = await import(pathToFileURL(entry))

let input = ""
for await (const part of process.stdin) input += part
let doc = A.init()
for (const chunk of JSON.parse(input).chunks) doc = A.loadIncremental(doc, Buffer.from(chunk, "base64"))

const plain = v => v instanceof A.RawString ? v.val
  : Array.isArray(v) ? v.map(plain)
  : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, w]) => [k, plain(w)]))
  : v
console.log(JSON.stringify({ heads: A.getHeads(doc), kind: plain(doc.kind), spans: plain(A.spans(doc, ["text"])) }))
