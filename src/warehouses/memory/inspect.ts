import { createHash } from "node:crypto"
import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { keepersOf } from "../../replication/batch/held.ts"
import { digestsOf, type HashedRow, type RowKey } from "../../replication/contracts/comparison.ts"
import type { DestinationView } from "../../replication/contracts/warehouse.ts"
import { currentRows, type DatabaseState, placeOf } from "./state.ts"
import type { Row } from "./values.ts"

/** A state is never changed, so a view is the state of now. */
export function viewOf(state: DatabaseState, pipeline: string): DestinationView {
  const position = state.positions.get(pipeline)
  if (position === undefined) throw new Problem("internal", "The warehouse has no position to look at.")
  const rowsOf = (table: TableSchema): readonly Row[] => {
    const found = state.tables.get(placeOf(table))
    if (found === undefined) throw new Problem("warehouseUnavailable", `There is no table ${placeOf(table)}.`)
    return currentRows(found)
  }
  const hashed = (table: TableSchema) => rowsOf(table).map((row) => hashedRow(table, row))
  return {
    position,
    tables: state.held.filter((one) => one.pipeline === pipeline && !one.stale).map(({ schema }) => schema),
    countRows: async (table) => rowsOf(table).length,
    digests: async (table, digits) => digestsOf(hashed(table), digits),
    async rows(table, chunks) {
      const digits = chunks[0]?.length ?? 0
      return hashed(table).filter(({ hash }) => chunks.includes(hash.slice(0, digits)))
    },
    async duplicates(table) {
      const names = rowsOf(table).map((row) => JSON.stringify(keyOf(table, row)))
      return names.length - new Set(names).size
    },
    close: async () => undefined,
  }
}

/** Which of the pipeline's tables keep versions, and those that were dropped and still stand. */
export function keptVersions({ tables, versions }: DatabaseState, pipeline: string) {
  const dropped = versions.filter((one) => one.dropped && one.pipeline === pipeline)
  return {
    tables: keepersOf(pipeline, versions),
    dropped: dropped.map(({ schema }) => schema).filter((schema) => tables.has(placeOf(schema))),
  }
}

export function keyOf({ key, columns }: TableSchema, row: Row): RowKey {
  return (key ?? columns.map((_, index) => index)).map((index) => row[index] ?? null)
}

function hashedRow(table: TableSchema, row: Row): HashedRow {
  const parts = table.columns.map(({ type }, index) => {
    const text = row[index] ?? null
    if (type.kind !== "text" && type.kind !== "json") return `${text ?? "~"};`
    return text === null ? "~" : `${[...text].length}:${text}`
  })
  const hash = createHash("md5").update(parts.join("")).digest("hex")
  return { hash, key: keyOf(table, row) }
}
