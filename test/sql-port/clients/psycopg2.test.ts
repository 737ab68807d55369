import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { password } from "../warehouse.ts"
import { runParts, warehouseWithTls } from "./run-parts.ts"

/** The one that Debian's packages belong to, whatever else is first in PATH. */
const python = "/usr/bin/python3"
const canRun = spawnSync(python, ["-c", "import psycopg2"]).status === 0
const skip = canRun ? false : "install python3-psycopg2 to run these"

test("psycopg2", { skip }, async (t) => {
  const { port } = await warehouseWithTls(t)
  const program = join(import.meta.dirname, "psycopg.py")
  await runParts(t, python, [program, "127.0.0.1", String(port.port), password], 8)
})
