import type { TableSchema } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { Run, TableChanges } from "../../replication/contracts/warehouse.ts"
import type { Staging } from "./staging.ts"
import type { Row, Value } from "./values.ts"

/** One staged change; `values` may lack (`unsent`) columns, which keep what the row has. */
export interface Change {
  seq: number
  isDelete: boolean
  values: Row
  unsent: ReadonlySet<number>
}

/** Every change staged of a table, in its order. */
export function stagedChanges({ table, parts }: TableChanges, staging: Staging): Change[] {
  const own = table.columns.length
  const changes = parts.flatMap((part) =>
    staging.read(part).map((row): Change => {
      const marks = row[own + 2] ?? ""
      return {
        seq: Number(row[own]),
        isDelete: row[own + 1] === "true",
        values: row.slice(0, own),
        unsent: new Set([...marks].flatMap((mark, index) => (mark === "1" ? [index] : []))),
      }
    }),
  )
  return changes.sort((a, b) => a.seq - b.seq)
}

/** The changes of one run: a stretch of a table's changes, by their first and last number. */
export function ofRun(changes: readonly Change[], run: Exclude<Run, { kind: "truncate" }>): Change[] {
  return changes.filter(({ seq }) => seq >= run.first && seq <= run.last)
}

/** The rows of a table while changes come: by key, or counted where there is none. */
export interface LiveRows {
  put(change: Change): void
  remove(values: Row): void
  /** Takes out the row of a key that a move leaves; `undefined`: there is none. */
  take(values: Row): Row | undefined
  clear(): void
  all(): Row[]
}

export function liveRows(
  { key, columns }: Pick<TableSchema, "key" | "columns">,
  rows: readonly Row[],
): LiveRows {
  const indexes = key ?? columns.map((_, index) => index)
  const nameOf = (values: Row) => JSON.stringify(indexes.map((index) => values[index] ?? null))
  const byName = new Map<string, Row[]>()
  const add = (row: Row) => {
    const equal = byName.get(nameOf(row))
    if (equal === undefined) byName.set(nameOf(row), [row])
    else equal.push(row)
  }
  const take = (values: Row) => {
    const name = nameOf(values)
    const equal = byName.get(name)
    const row = equal?.pop()
    if (equal?.length === 0) byName.delete(name)
    return row
  }
  for (const row of rows) add(row)
  return {
    put(change) {
      const before = key === undefined ? undefined : take(change.values)
      add(completed(change, before))
    },
    remove: (values) => void take(values),
    take,
    clear: () => byName.clear(),
    all: () => [...byName.values()].flat(),
  }
}

/** The row that a change leaves, with what `before` has in the columns that were not sent. */
export function completed({ values, unsent }: Change, before: Row | undefined): Row {
  return values.map((value, index): Value => (unsent.has(index) ? (before?.[index] ?? null) : value))
}

/** Applies a table's runs, in order, to its rows. */
export function changedRows(table: TableChanges, rows: readonly Row[], staging: Staging): Row[] {
  const live = liveRows(table.table, rows)
  const changes = stagedChanges(table, staging)
  for (const run of table.runs) {
    switch (run.kind) {
      case "truncate":
        live.clear()
        break
      case "changes":
        for (const change of ofRun(changes, run)) applyChange(live, change)
        break
      case "moves":
        applyMoves(live, ofRun(changes, run))
        break
      default:
        unreachable(run)
    }
  }
  return live.all()
}

export function applyChange(live: LiveRows, change: Change): void {
  if (change.isDelete) live.remove(change.values)
  else live.put(change)
}

/** Pairs: the key left, then the row at its new key. All leave before one arrives. */
export function applyMoves(live: LiveRows, changes: readonly Change[]): void {
  const arriving: Change[] = []
  let left: Row | undefined
  for (const change of changes) {
    if (change.isDelete) left = live.take(change.values)
    else if (left !== undefined)
      arriving.push({ ...change, values: completed(change, left), unsent: new Set() })
  }
  for (const change of arriving) live.put(change)
}
