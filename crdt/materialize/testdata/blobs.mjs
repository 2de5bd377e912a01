// Writes a document that refers to blobs with Automerge JS 2.2.9 and prints
// {saved: base64, changes: [base64…], shown: [hex…]}. Runs in the repository's root.
import { createRequire } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

const require = createRequire(path.resolve("frontend/package.json"))
const entry = require.resolve("@automerge/automerge").replace(/dist[\\/].*$/, "dist/mjs/entrypoints/fullfat_node_next.js")
const A = await import(pathToFileURL(entry))

const shown = []
const hex = n => n.toString(16).padStart(64, "0")
const hidden = n => new A.RawString("blob:" + hex(n))
const refers = n => (shown.push(hex(n)), hidden(n))

let d = A.from({ kind: new A.RawString("text"), text: "", gone: hidden(1), list: [refers(2), hidden(3)], map: { map: { image: refers(4) } }, old: { image: hidden(5) } })
d = A.change(d, x => {
  A.splitBlock(x, ["text"], 0, { type: new A.RawString("image"), parents: [], attrs: { source: refers(6) } })
  A.splitBlock(x, ["text"], 1, { type: new A.RawString("image"), parents: [], attrs: { source: hidden(7) } })
  A.splice(x, ["text"], 2, 0, "some text, and blob:" + hex(8))
  A.mark(x, ["text"], { start: 2, end: 6, expand: "none" }, "attachment", refers(9).val)
  // Nearly references.
  x.other = [new A.RawString("blob:" + hex(10).toUpperCase()), new A.RawString("blob:"), new A.RawString(hex(11)), new A.RawString(" blob:" + hex(12))]
})
const before = d
d = A.change(d, x => {
  x.gone = new A.RawString("nothing")
  x.list.splice(1, 1)
  delete x.old
  A.joinBlock(x, ["text"], 1)
})
// Somebody else sets one field at the same time, so that two values stand there.
let e = A.clone(before)
e = A.change(e, x => { x.gone = refers(13) })
d = A.merge(d, e)
const base64 = raw => Buffer.from(raw).toString("base64")
console.log(JSON.stringify({ saved: base64(A.save(d)), changes: A.getAllChanges(d).map(base64), shown }))
