// Makes rich texts with Automerge JS 2.2.9 at random: several actors who write
// at once and merge now and then. Prints one JSON line per document:
// {seed, changes, early, saved, spans}, bytes in base64; "early" is a document
// saved midway. Run from the repository's root:
//   node crdt/chunk/richtext/testdata/make.mjs FIRST-SEED COUNT
import { createRequire } from "node:module"
import path from "node:path"
import { pathToFileURL } from "node:url"

const require = createRequire(path.resolve("frontend/package.json"))
const entry = require.resolve("@automerge/automerge").replace(/dist[\\/].*$/, "dist/mjs/entrypoints/fullfat_node_next.js")
const A = await import(pathToFileURL(entry))

function random(seed) {
  let a = seed >>> 0
  return n => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % n
  }
}

const words = ["a", "bc", "stop", "Å", "😀", "👩‍👧 ", "x\ny", " ", "é", "the bus"]
const types = ["paragraph", "heading", "unordered-list-item", "ordered-list-item", "code-block"]

function block(r) {
  const b = { type: types[r(types.length)], parents: [], attrs: {}, isEmbed: false }
  for (let i = r(3); i > 0; i--) b.parents.push(types[2 + r(2)])
  if (b.type === "heading") b.attrs.level = 1 + r(3)
  if (r(2)) b.type = new A.RawString(b.type)
  if (r(2)) b.parents = b.parents.map(p => new A.RawString(p))
  return b
}

const plain = v => v instanceof A.RawString ? v.val
  : Array.isArray(v) ? v.map(plain)
  : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, w]) => [k, plain(w)]))
  : v

function edit(r, d) {
  const at = ["text"]
  // Positions are UTF-16 units; a block marker is one.
  const edges = [0]
  const blocks = []
  for (const s of A.spans(d, at)) {
    const start = edges.at(-1)
    if (s.type === "block") {
      blocks.push(start)
      edges.push(start + 1)
    } else {
      let i = start
      for (const c of s.value) edges.push((i += c.length))
    }
  }
  const pick = () => edges[r(edges.length)]
  switch (r(9)) {
    case 0: case 1: case 2:
      return A.splice(d, at, pick(), 0, words[r(words.length)].repeat(1 + r(3)))
    case 3: {
      const i = r(edges.length)
      const j = Math.min(edges.length - 1, i + r(6))
      return A.splice(d, at, edges[i], edges[j] - edges[i], r(3) ? "" : words[r(words.length)])
    }
    case 4:
      return A.splitBlock(d, at, pick(), block(r))
    case 5:
      return blocks.length && A.updateBlock(d, at, blocks[r(blocks.length)], block(r))
    case 6:
      return blocks.length && A.joinBlock(d, at, blocks[r(blocks.length)])
    default: {
      const [start, end] = [pick(), pick()].sort((a, b) => a - b)
      const expand = ["before", "after", "both", "none"][r(4)]
      const name = ["strong", "em", "link"][r(3)]
      if (start === end) return
      if (r(3) === 0) return A.unmark(d, at, { start, end, expand }, name)
      return A.mark(d, at, { start, end, expand }, name, name === "link" ? JSON.stringify({ href: "x" + r(3) }) : true)
    }
  }
}

function document(seed) {
  const r = random(seed)
  const actor = i => ["10", "a0", "05"][i].repeat(20)
  let base = A.init({ actor: actor(r(3)).slice(0, 38) + "ff" })
  base = A.change(base, { time: 0 }, d => { d.text = "" })
  base = A.change(base, { time: 0 }, d => { if (r(2)) A.splitBlock(d, ["text"], 0, block(r)) })
  let docs = [0, 1, 2].slice(0, 1 + r(3)).map(i => A.clone(base, { actor: actor(i) }))
  let early = A.save(base)
  const rounds = 4 + r(30)
  for (let n = 0; n < rounds; n++) {
    const i = r(docs.length)
    docs[i] = A.change(docs[i], { time: 0 }, d => { for (let k = 1 + r(3); k > 0; k--) edit(r, d) })
    if (r(3) === 0) {
      const j = r(docs.length)
      if (i !== j) docs[j] = A.merge(docs[j], docs[i])
    }
    if (n === rounds >> 1) early = A.save(docs[i])
  }
  let all = A.clone(docs[0])
  for (const d of docs) all = A.merge(all, A.clone(d))
  const b64 = bytes => Buffer.from(bytes).toString("base64")
  return {
    seed,
    changes: b64(Buffer.concat(A.getAllChanges(all))),
    early: b64(early),
    saved: b64(A.save(all)),
    heads: A.getHeads(all),
    spans: plain(A.spans(all, ["text"])),
  }
}

const [first, count] = process.argv.slice(2).map(Number)
for (let s = first; s < first + count; s++) console.log(JSON.stringify(document(s)))
