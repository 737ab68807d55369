import { PostgreSQL, sql } from "@codemirror/lang-sql"
import type { Extension } from "@codemirror/state"
import type { Catalog } from "../api/types.ts"

/** SQL with the names of the tables and columns that the user sees, for completion; those of `public` also without their schema. */
export function sqlLanguage(tables: Catalog["tables"]): Extension {
  const schema: Record<string, Record<string, string[]>> = {}
  for (const { schema: within, name, columns } of tables) {
    const named = schema[within] ?? {}
    named[name] = columns.map((column) => column.name)
    schema[within] = named
  }
  return sql({ dialect: PostgreSQL, schema, defaultSchema: "public", upperCaseKeywords: true })
}
