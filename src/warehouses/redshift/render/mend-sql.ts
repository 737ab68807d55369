import type { Column, TableSchema } from "../../../domain/table.ts"
import type { RowKey } from "../../../replication/contracts/comparison.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import { names } from "../../sql/staged-rows.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { columnType } from "../types/column-type.ts"
import type { Target } from "./apply-sql.ts"
import { comparable, content, keyColumns } from "./keys.ts"
import { timeLiteral } from "./tables.ts"
import { closing, versionColumnList } from "./versions-sql.ts"

export interface Mended {
  keys: readonly RowKey[]
  parts: readonly StagedPart[]
  keepsVersions: boolean
  /** Now: the time of the change is unknown. */
  at: Date
}

const wrong = quoteIdentifier("millrace_wrong")

/** Keys of one INSERT: a statement of the engine has at most 16 MB. */
const keysAtOnce = 1_000

/**
 * Takes every row with one of the keys out of a table, and puts the staged ones in. Where versions are kept they are closed, and the
 * source's rows begin, as of now: the time of the change is unknown.
 */
export function mendStatements(
  stages: StageTables,
  target: Target,
  schema: TableSchema,
  { keys, parts, keepsVersions, at }: Mended,
): string[] {
  const told = (schema.key === undefined ? schema.columns : keyColumns(schema)).map(
    (column, index): Column => ({ ...column, name: `k${index}` }),
  )
  const isWrong = isAmong(target, schema, told)
  const now = timeLiteral(at)
  const leave = keepsVersions
    ? `UPDATE ${target.table} SET ${closing(target, now)} FROM ${wrong} WHERE ${isWrong} AND ${target.prefix}_record_is_active`
    : `DELETE FROM ${target.table} USING ${wrong} WHERE ${isWrong}`
  const columns = names(schema).join(", ")
  const [list, values] = keepsVersions
    ? [`${columns}, ${versionColumnList}`, `${columns}, true, ${now}, NULL`]
    : [columns, columns]
  const arrive =
    parts.length === 0
      ? []
      : [`INSERT INTO ${target.table} (${list}) SELECT ${values} FROM ${stages.rows(schema, parts)}`]
  return [...keyRows(told, keys), leave, ...arrive, `DROP TABLE ${wrong}`]
}

function isAmong(target: Target, schema: TableSchema, told: readonly Column[]): string {
  if (schema.key === undefined)
    return `${content(schema, target.prefix)} = ${content({ columns: [...told] }, `${wrong}.`)}`
  return keyColumns(schema)
    .map((column, index) => {
      const one = told[index] as Column
      return `${comparable(target.prefix, column)} = ${comparable(`${wrong}.`, one)}`
    })
    .join(" AND ")
}

/** The keys as a temporary table. */
function keyRows(told: readonly Column[], keys: readonly RowKey[]): string[] {
  const columns = told.map(({ name, type }) => `${quoteIdentifier(name)} ${columnType(type)}`)
  const statements = [`CREATE TEMP TABLE ${wrong} (${columns.join(", ")})`]
  for (let from = 0; from < keys.length; from += keysAtOnce) {
    const rows = keys
      .slice(from, from + keysAtOnce)
      .map((key) => `SELECT ${told.map((column, index) => literalOf(key[index] ?? null, column)).join(", ")}`)
    statements.push(`INSERT INTO ${wrong} ${rows.join(" UNION ALL ")}`)
  }
  return statements
}

/** A canonical text (replication/contracts/comparison.ts) as a value of its column. */
function literalOf(text: string | null, { type }: Column): string {
  if (text === null) return `CAST(NULL AS ${columnType(type)})`
  if (type.kind === "bytes") return `TO_VARBYTE(${quoteLiteral(text)}, 'hex')`
  if (type.kind === "json") return `JSON_PARSE(${quoteLiteral(text)})`
  return `CAST(${quoteLiteral(text)} AS ${columnType(type)})`
}
