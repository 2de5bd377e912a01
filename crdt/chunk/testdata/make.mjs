// Writes changes.bin and saved.bin with Automerge JS 2.2.9: two actors, plain and
// compressed changes, every kind of operation. Hashes in the tests are those of
// one run: the changes carry the time they were made. Run from the repository's
// root: node crdt/chunk/testdata/make.mjs
import fs from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

const require = createRequire(path.resolve("frontend/package.json"))
const entry = require.resolve("@automerge/automerge").replace(/dist[\\/].*$/, "dist/mjs/entrypoints/fullfat_node_next.js")
const A = await import(pathToFileURL(entry))
const at = ["text"]

let d = A.from({ kind: "text", format: 1, text: "" }, { actor: "aa".repeat(20) })
d = A.change(d, x => {
  A.splitBlock(x, at, 0, { type: "heading", parents: [], attrs: { level: 2 } })
  A.splice(x, at, 1, 0, "Hello 😀 world")
  A.mark(x, at, { start: 1, end: 4, expand: "after" }, "strong", true)
})
let e = A.clone(d, { actor: "bb".repeat(20) })
e = A.change(e, { time: 12345, message: "hi" }, x => {
  A.splice(x, at, 3, 2, "y".repeat(400))
  A.unmark(x, at, { start: 1, end: 3 }, "strong")
  x.n = new A.Counter(4)
  x.l = [1, 2.5, null, true, new Date(5), new Uint8Array([1, 2])]
})
e = A.change(e, x => {
  x.n.increment(3)
  delete x.format
  x.l.splice(1, 2)
})
d = A.change(d, x => { A.splice(x, at, 2, 1, "z") })
d = A.merge(d, e)
d = A.change(d, x => { A.splice(x, at, 5, 3, "") })
const out = name => path.join("crdt", "chunk", "testdata", name)
fs.writeFileSync(out("saved.bin"), A.save(d))
fs.writeFileSync(out("changes.bin"), Buffer.concat(A.getAllChanges(d)))
