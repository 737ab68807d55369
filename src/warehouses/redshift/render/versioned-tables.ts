import type { TableName, TableSchema } from "../../../domain/table.ts"
import { versionColumns } from "../../../replication/contracts/versions.ts"
import { historicalTable, type Names } from "../naming.ts"
import { quoteIdentifier } from "../quoting.ts"
import { columnType } from "../types/column-type.ts"
import { targetOf } from "./apply-sql.ts"
import { content, sameKey } from "./keys.ts"
import { adoptCopy, rename } from "./places.ts"
import { definitions, type LayoutOf, layoutClause, timeLiteral } from "./tables.ts"
import { closing, versionColumnList } from "./versions-sql.ts"

const [isActive, createdAt, deletedAt] = versionColumns

/** Definitions of the columns of versions, of a table whose rows say themselves when they began. */
export const plainVersionDefinitions = [
  `${isActive} BOOLEAN`,
  `${createdAt} TIMESTAMP`,
  `${deletedAt} TIMESTAMP`,
]

/** As plainVersionDefinitions: rows that are loaded need not say when they began. */
export function versionDefinitions(since: Date): string[] {
  return [
    `${isActive} BOOLEAN DEFAULT true`,
    `${createdAt} TIMESTAMP DEFAULT ${timeLiteral(since)}`,
    `${deletedAt} TIMESTAMP`,
  ]
}

/** Makes an empty or full table of plain rows one of versions: all its rows active, as of `at`. */
export function beginVersions(names: Names, table: TableSchema, at: Date): string[] {
  const live = names.live(table)
  return [
    ...plainVersionDefinitions.map((column) => `ALTER TABLE ${live} ADD COLUMN ${column}`),
    `UPDATE ${live} SET ${isActive} = true, ${createdAt} = ${timeLiteral(at)}`,
  ]
}

/** What it kept goes on under another name; under its own, its current rows. */
export function endVersions(names: Names, table: TableSchema, at: Date, layoutOf: LayoutOf): string[] {
  const columns = table.columns.map(({ name }) => quoteIdentifier(name)).join(", ")
  const live = names.live(table)
  const historical = historicalTable(table, at).name
  return [
    rename(live, historical),
    `CREATE TABLE ${live} (${definitions(table.columns).join(", ")}) ${layoutClause(layoutOf(table))}`,
    `INSERT INTO ${live} (${columns}) SELECT ${columns} FROM ${names.inSchema(table.schema, historical)} WHERE ${isActive}`,
  ]
}

/** The table's name with a time behind it. */
export function retire(names: Names, table: TableName, at: Date): string {
  return rename(names.live(table), historicalTable(table, at).name)
}

export function closeAll(names: Names, table: TableName, at: Date): string {
  const live = names.live(table)
  return `UPDATE ${live} SET ${closing(targetOf(live, table), timeLiteral(at))} WHERE ${isActive}`
}

/** The table that tells a copy's rows that are as they were from those that changed while nobody looked. */
export interface Succession {
  from: TableSchema
  to: TableSchema
  /** As of when the copy's rows are. */
  since: Date
}

const old = quoteIdentifier("millrace_old")
const same = quoteIdentifier("millrace_same")

/**
 * A resync takes the place of a table with versions: rows that are as they were go on, those that are not are closed
 * when the copy was made, and what was closed stays. The copy takes the closed ones in, and the table's place.
 */
export function succeedStatements(names: Names, { from, to, since }: Succession): string[] {
  const live = names.live(from)
  const copy = names.loading(to)
  const copyPrefix = `${quoteIdentifier(names.copy(to))}.`
  const at = timeLiteral(since)
  const columns = to.columns.map(({ name }) => quoteIdentifier(name))
  const own = (prefix: string) => columns.map((name) => `${prefix}${name}`).join(", ")
  const list = `${own("")}, ${versionColumnList}`
  const key = to.key === undefined ? [] : [sameKey(to, "c.", "o.")]
  const isSame = [...key, `${content(to, "c.")} = ${content(to, "o.")}`].join(" AND ")
  const isFound = [
    `${copyPrefix}${createdAt} = ${at}`,
    ...(to.key === undefined ? [] : [sameKey(to, copyPrefix, `${same}.`)]),
  ].join(" AND ")
  return [
    `CREATE TEMP TABLE ${old} AS SELECT ROW_NUMBER() OVER (ORDER BY ${createdAt}) AS __millrace_row, ${carried(from, to)}, ${isActive}, ${createdAt}, ${deletedAt} FROM ${live}`,
    `CREATE TEMP TABLE ${same} AS SELECT o.__millrace_row, ${own("o.")}, o.${createdAt} AS __millrace_begun FROM ${copy} AS c JOIN ${old} AS o ON ${isSame} WHERE o.${isActive} AND c.${createdAt} = ${at}`,
    `UPDATE ${copy} SET ${createdAt} = ${same}.__millrace_begun FROM ${same} WHERE ${isFound}`,
    `INSERT INTO ${copy} (${list}) SELECT ${own("o.")}, false, o.${createdAt}, COALESCE(o.${deletedAt}, GREATEST(o.${createdAt}, ${at})) FROM ${old} AS o WHERE NOT o.${isActive} OR o.__millrace_row NOT IN (SELECT __millrace_row FROM ${same})`,
    `DROP TABLE ${old}`,
    `DROP TABLE ${same}`,
    `DROP TABLE IF EXISTS ${live}`,
    adoptCopy(names, to),
  ]
}

/** What the table had, as far as it still has a column for it. */
function carried(from: TableSchema, to: TableSchema): string {
  return to.columns
    .map((column) => {
      const name = quoteIdentifier(column.name)
      const before = from.columns.find((one) => one.name === column.name)
      const isKept = before !== undefined && columnType(before.type) === columnType(column.type)
      return isKept ? name : `CAST(NULL AS ${columnType(column.type)}) AS ${name}`
    })
    .join(", ")
}
