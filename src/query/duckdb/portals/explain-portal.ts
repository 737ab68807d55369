import type { DuckDBValue } from "@duckdb/node-api"
import type { Field, Portal } from "../../../wire/pgwire/session.ts"
import { oids } from "../values/value-types.ts"
import { fixedPortal } from "./engine-portal.ts"

export const explainFields: Field[] = [
  { name: "QUERY PLAN", typeOid: oids.text, typeSize: -1, typeModifier: -1 },
]

/** DuckDB gives the plan as one text; PostgreSQL's clients expect a row per line. `lines` stand before it. */
export function explainPortal(run: () => Promise<{ rows: DuckDBValue[][]; lines: string[] }>): Portal {
  return fixedPortal(explainFields, async () => {
    const { rows, lines } = await run()
    const plan = rows.map((row) => String(row[1])).join("\n")
    return { rows: [...lines, ...plan.split("\n")].map((line) => [line]), tag: "EXPLAIN" }
  })
}
