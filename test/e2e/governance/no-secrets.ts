import assert from "node:assert/strict"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { rowsOf } from "../../governance/integrations/state-rows.ts"
import type { Place } from "../place.ts"

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
