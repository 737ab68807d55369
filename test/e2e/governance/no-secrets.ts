import assert from "node:assert/strict"
import { readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { rowsOf } from "../../governance/integrations/state-rows.ts"
import { waitUntil } from "../../support/wait-until.ts"
import type { Place } from "../place.ts"

/** What makes a process write its heap into `folder` when it is told to. */
export function heapOptions(folder: string): Record<string, string> {
  return { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${folder}` }
}

/**
 * Everything that the process can still reach, as its garbage collector sees it. (What it has let go of may stand in freed memory until that is
 * used again: a text of JavaScript cannot be overwritten.)
 * @param answers resolves when the process answers, which it does not while it writes
 */
export async function heapOf(
  { pid, folder }: { pid: number; folder: string },
  answers: () => Promise<unknown>,
): Promise<string> {
  process.kill(pid, "SIGUSR2")
  const name = await waitUntil(
    async () => (await readdir(folder)).find((one) => one.endsWith(".heapsnapshot")),
    { what: "the heap snapshot" },
  )
  await answers()
  const path = join(folder, name)
  const heap = await readFile(path, "latin1")
  await rm(path)
  assert.ok(heap.trimEnd().endsWith("}"), "the snapshot is whole")
  return heap
}

/** The state database, every file of the data folder, everything that was printed. */
export async function holdsNoSecret(place: Place, password: string): Promise<void> {
  const tables = await rowsOf(
    place.stateUrl ?? "",
    "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
  )
  assert.ok(tables.length > 20)
  const kept: [string, string][] = [["the log", place.output()]]
  for (const { name } of tables) {
    const rows = await rowsOf(place.stateUrl ?? "", `SELECT t::text AS row FROM ${name} t`)
    kept.push([String(name), rows.map(({ row }) => row).join("\n")])
  }
  for (const entry of await readdir(place.dataDir, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) kept.push([entry.name, await readFile(join(entry.parentPath, entry.name), "latin1")])
  const forms = [
    password,
    Buffer.from(password).toString("base64").replace(/=*$/, ""),
    Buffer.from(password).toString("hex"),
  ]
  for (const [where, text] of kept)
    for (const form of forms) assert.ok(!text.includes(form), `${where} holds the password`)
}
