import type { DuckDBValue } from "@duckdb/node-api"
import type { Field, Portal } from "../../../wire/pgwire/session.ts"
import { oids } from "../values/value-types.ts"
import { fixedPortal } from "./engine-portal.ts"

export const explainFields: Field[] = [
  { name: "QUERY PLAN", typeOid: oids.text, typeSize: -1, typeModifier: -1 },
]

/** DuckDB gives the plan as one text; PostgreSQL's clients expect a row per line. */
export function explainPortal(run: () => Promise<DuckDBValue[][]>): Portal {
  return fixedPortal(explainFields, async () => {
    const plan = (await run()).map((row) => String(row[1])).join("\n")
    return { rows: plan.split("\n").map((line) => [line]), tag: "EXPLAIN" }
  })
}
