import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { test } from "node:test"
import { password } from "../warehouse.ts"
import { runParts } from "./run-parts.ts"
import { clientsWarehouse } from "./shop.ts"

/** The one that Debian's packages belong to, whatever else is first in PATH. */
const python = "/usr/bin/python3"

const clients = [
  { program: "sqlalchemy_client.py", module: "sqlalchemy", debian: "python3-sqlalchemy", parts: 4 },
  { program: "psycopg3_client.py", module: "psycopg", debian: "python3-psycopg", parts: 8 },
  { program: "asyncpg_client.py", module: "asyncpg", debian: "python3-asyncpg", parts: 7 },
  { program: "odbc_client.py", module: "pyodbc", debian: "python3-pyodbc and odbc-postgresql", parts: 5 },
]

test("clients written in Python", async (t) => {
  const { port } = await clientsWarehouse(t)
  for (const { program, module, debian, parts } of clients) {
    const canRun = spawnSync(python, ["-c", `import ${module}`]).status === 0
    await t.test(program, { skip: canRun ? false : `install ${debian} to run it` }, async (t) => {
      const file = join(import.meta.dirname, "programs", program)
      await runParts(t, python, ["-B", file, "127.0.0.1", String(port.port), password], parts)
    })
  }
})
