import type { SeenTable, TablePlace } from "../../../engines/policy-server.ts"
import type { ColumnKind } from "../../../governance/model/source.ts"
import type { Read } from "../bookkeeping.ts"
import { asRows, type GovernedPlace } from "./apply.ts"

/** Those of the places that hold a table, with their columns in order. */
export async function seenTables(
  session: Read,
  { prefix }: Pick<GovernedPlace, "prefix">,
  places: readonly TablePlace[],
): Promise<SeenTable[]> {
  const wanted = places.map(({ schema, name }, at) => ({ at, nspname: prefix + schema, relname: name }))
  const rows = await session.rows(`
    SELECT r.at, c.oid, a.attname, format_type(a.atttypid, a.atttypmod)
    FROM ${asRows(wanted, "at integer, nspname text, relname text")}
    JOIN pg_namespace AS n ON n.nspname = r.nspname
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.relname AND c.relkind IN ('r', 'p')
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY r.at, a.attnum`)
  const seen = new Map<string, SeenTable>()
  for (const [at = "", identity, name, type] of rows) {
    const place = places[Number(at)]
    if (place === undefined || at === null) continue
    const table = seen.get(at) ?? { ...place, identity: identity ?? "", columns: [] }
    seen.set(at, table)
    if (typeof name === "string" && typeof type === "string")
      table.columns.push({ name, kind: kindOf(type), type })
  }
  return [...seen.values()]
}

const kinds: readonly [RegExp, ColumnKind][] = [
  [/^(text|character varying|character)(\(\d+\))?$/, "text"],
  [/^(smallint|integer|bigint)$/, "integer"],
  [/^numeric(\(\d+,\d+\))?$/, "decimal"],
  [/^(real|double precision)$/, "float"],
  [/^boolean$/, "boolean"],
  [/^date$/, "date"],
  [/^timestamp(\(\d\))? without time zone$/, "timestamp"],
  [/^timestamp(\(\d\))? with time zone$/, "timestamptz"],
]

/** By the type's name as the server prints it. */
function kindOf(type: string): ColumnKind {
  return kinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other"
}
