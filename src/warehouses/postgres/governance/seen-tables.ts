import type { SeenTable, TablePlace } from "../../../engines/policy-server.ts"
import type { ColumnKind } from "../../../governance/model/source.ts"
import type { Read } from "../bookkeeping.ts"
import { asRows, type GovernedPlace } from "./apply.ts"

/** Those of the places that hold a table, with their columns in order. */
export async function seenTables(
  session: Read,
  { prefix, kind }: Pick<GovernedPlace, "prefix" | "kind">,
  places: readonly TablePlace[],
): Promise<SeenTable[]> {
  const [kinds, missing] = kind === "host" ? [othersKinds, missingRight] : ["'r', 'p'", "NULL"]
  const wanted = places.map(({ schema, name }, at) => ({ at, nspname: prefix + schema, relname: name }))
  const rows = await session.rows(`
    SELECT r.at, c.oid, a.attname, format_type(a.atttypid, a.atttypmod), ${missing}
    FROM ${asRows(wanted, "at integer, nspname text, relname text")}
    JOIN pg_namespace AS n ON n.nspname = r.nspname
    JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.relname AND c.relkind IN (${kinds})
    LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY r.at, a.attnum`)
  const seen = new Map<string, SeenTable>()
  for (const [at = "", oid, name, type, unreadable] of rows) {
    const place = places[Number(at)]
    if (place === undefined || at === null) continue
    const isReadable = typeof unreadable !== "string"
    const identity = isReadable ? `${oid}` : `${oid} unreadable`
    const table = seen.get(at) ?? { ...place, identity, columns: [], ...(!isReadable && { unreadable }) }
    seen.set(at, table)
    if (typeof name === "string" && typeof type === "string")
      table.columns.push({ name, kind: kindOf(type), type })
  }
  return [...seen.values()]
}

/** Somebody else's may be of any kind that has rows: tables, partitioned or foreign ones, views, materialized ones. */
const othersKinds = "'r', 'p', 'f', 'v', 'm'"

const missingRight = `CASE WHEN NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT'))
      THEN format('%I may not read its table: GRANT USAGE ON SCHEMA %I TO %1$I; GRANT SELECT ON %2$I.%I TO %1$I', current_user, n.nspname, c.relname) END`

const columnKinds: readonly [RegExp, ColumnKind][] = [
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
  return columnKinds.find(([pattern]) => pattern.test(type))?.[1] ?? "other"
}
