// Says what Automerge JS 2.2.9 makes of changes. Runs in the repository's root.
//
//   node headers.mjs write HISTORY   plays a gzipped history of bench/data, each transaction a change, and prints a
//                                    line {raw, header} for each and at last {saved, heads, actors}
//   node headers.mjs read            prints a line {header} for each line of base64 on standard input
import fs from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"
import readline from "node:readline"
import { pathToFileURL } from "node:url"
import zlib from "node:zlib"

const require = createRequire(path.resolve("frontend/package.json"))
const entry = require.resolve("@automerge/automerge").replace(/dist[\\/].*$/, "dist/mjs/entrypoints/fullfat_node_next.js")
const A = await import(pathToFileURL(entry))

const print = line => fs.writeSync(1, JSON.stringify(line) + "\n")
const header = raw => {
  const { hash, deps, actor, seq, startOp, time, message } = A.decodeChange(raw)
  return { hash, deps: [...deps].sort(), actor, seq, startOp, time, message: message ?? "" }
}

if (process.argv[2] === "read") {
  for await (const line of readline.createInterface({ input: process.stdin })) print({ header: header(Buffer.from(line, "base64")) })
} else {
  const history = JSON.parse(zlib.gunzipSync(fs.readFileSync(process.argv[3])))
  const writers = history.numAgents ?? 1
  const base = A.from({ kind: "text", text: "" }, { actor: "f0".repeat(20) })
  const docs = [], applied = []
  for (let w = 0; w < writers; w++) {
    docs.push(A.clone(base, { actor: `${w}b`.repeat(20) }))
    applied.push(-1)
  }
  // Times before 1970, and messages of any length.
  const says = i => i % 7 ? undefined : i % 70 ? `change ${i}: ü😀` : "a long story ".repeat(i % 400)
  const byWriter = docs.map(() => [])
  history.txns.forEach((txn, i) => {
    const w = txn.agent ?? 0
    for (const parent of txn.parents ?? []) {
      const other = history.txns[parent].agent
      if (other === w || parent <= applied[w]) continue
      const more = byWriter[other].filter(([at]) => at > applied[w] && at <= parent).map(([, raw]) => raw)
      docs[w] = A.applyChanges(docs[w], more)[0]
      applied[w] = parent
    }
    docs[w] = A.change(docs[w], { time: (i - 100) * 1000, message: says(i) }, d => {
      for (const [at, gone, text] of txn.patches) A.splice(d, ["text"], at, gone, text)
    })
    const raw = A.getLastLocalChange(docs[w])
    byWriter[w].push([i, raw])
  })
  let all = docs[0]
  for (const doc of docs.slice(1)) all = A.merge(all, doc)
  if (all.text !== history.endContent) throw new Error("the history does not end as it should")
  const raws = A.getAllChanges(all)
  for (const raw of raws) print({ raw: Buffer.from(raw).toString("base64"), header: header(raw) })
  print({ saved: Buffer.from(A.save(all)).toString("base64"), heads: [...A.getHeads(all)].sort() })
}
