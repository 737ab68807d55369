import type { TableName, TableSchema } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { type AlterStep, isNote, type Step, type TableStep } from "../../replication/batch/step.ts"
import { historicalName } from "../../replication/contracts/versions.ts"
import { changedRows } from "./changes.ts"
import { noted } from "./noting.ts"
import type { Staging } from "./staging.ts"
import {
  copyPlace,
  currentRows,
  type DatabaseState,
  type MemoryTable,
  passingPlace,
  placeOf,
  type Version,
} from "./state.ts"
import { converted, type Row } from "./values.ts"
import { changedVersions, close, microsOfDate } from "./version-changes.ts"

/** The state that a plan's steps make of another one. Throws Problem, and then nothing has happened. */
export function afterSteps(state: DatabaseState, steps: readonly Step[], staging: Staging): DatabaseState {
  let after = state
  for (const step of steps)
    after = isNote(step)
      ? noted(after, step)
      : { ...after, tables: changedTables(after.tables, step, staging) }
  return after
}

type Tables = DatabaseState["tables"]

function changedTables(tables: Tables, step: TableStep, staging: Staging): Tables {
  switch (step.kind) {
    case "drop":
      return without(tables, placeOf(step.table))
    case "leave":
      return moved(tables, placeOf(step.table), passingPlace(step.table))
    case "arrive":
      return moved(tables, passingPlace(step.from), placeOf(step.to))
    case "adoptCopy":
      return moved(tables, copyPlace(step.table), placeOf(step.table))
    case "succeed":
      return succeeded(tables, step)
    case "beginVersions":
      return changed(tables, step.table, (table) => withVersions(table, microsOfDate(step.at)))
    case "endVersions":
      return ended(tables, step)
    case "retire":
      return retired(tables, step.table, step.at)
    case "closeVersions":
      return changed(tables, step.table, (table) => closedVersions(table, microsOfDate(step.at)))
    case "alter":
      return changed(tables, step.place, (table) => altered(table, step, staging))
    case "change":
      return changed(tables, step.place, (table) => withChanges(table, step.changes, staging))
    default:
      return unreachable(step)
  }
}

function without(tables: Tables, place: string): Tables {
  return new Map([...tables].filter(([other]) => other !== place))
}

function moved(tables: Tables, from: string, to: string): Tables {
  const table = tables.get(from)
  if (table === undefined) throw new Error(`nothing stands at ${from}`)
  if (tables.has(to)) throw new Error(`${to} is taken`)
  return new Map([...without(tables, from), [to, table]])
}

function changed(tables: Tables, name: TableName, change: (table: MemoryTable) => MemoryTable): Tables {
  const place = placeOf(name)
  const table = tables.get(place)
  if (table === undefined) throw new Error(`nothing stands at ${place}`)
  return new Map([...tables, [place, change(table)]])
}

function retired(tables: Tables, table: TableName, at: Date): Tables {
  if (!tables.has(placeOf(table))) return tables
  return moved(tables, placeOf(table), placeOf({ ...table, name: historicalName(table.name, at) }))
}

function ended(tables: Tables, { table, at }: { table: TableSchema; at: Date }): Tables {
  const before = tables.get(placeOf(table))
  if (before === undefined) throw new Error(`nothing stands at ${placeOf(table)}`)
  const rows = currentRows(before)
  return new Map([
    ...retired(tables, table, at),
    [placeOf(table), { ...before, contents: { kind: "rows", rows } }],
  ])
}

function versionsOf({ contents }: MemoryTable): readonly Version[] {
  if (contents.kind === "rows") throw new Error("the table keeps no versions")
  return contents.versions
}

function withVersions(table: MemoryTable, createdMicros: bigint): MemoryTable {
  const versions = currentRows(table).map((row) => ({ row, createdMicros, deletedMicros: undefined }))
  return { ...table, contents: { kind: "versions", versions } }
}

function closedVersions(table: MemoryTable, atMicros: bigint): MemoryTable {
  const versions = versionsOf(table).map((version) =>
    version.deletedMicros === undefined ? close(version, atMicros) : version,
  )
  return { ...table, contents: { kind: "versions", versions } }
}

function withChanges(
  table: MemoryTable,
  changes: Parameters<typeof changedRows>[0],
  staging: Staging,
): MemoryTable {
  const { contents } = table
  return {
    ...table,
    contents:
      contents.kind === "rows"
        ? { kind: "rows", rows: changedRows(changes, contents.rows, staging) }
        : { kind: "versions", versions: changedVersions(changes, contents.versions, staging) },
  }
}

function altered(table: MemoryTable, { alteration }: AlterStep, staging: Staging): MemoryTable {
  const { to, origins, fill } = alteration
  const [filling] = fill === undefined ? [] : staging.read(fill)
  const reshaped = (row: Row, filled: Row | undefined) =>
    to.columns.map(({ type }, index) => {
      const origin = origins[index]
      return origin === undefined ? (filled?.[index] ?? null) : converted(row[origin] ?? null, type)
    })
  const shape = { columns: to.columns, key: to.key }
  const { contents } = table
  if (contents.kind === "rows")
    return { ...shape, contents: { kind: "rows", rows: contents.rows.map((row) => reshaped(row, filling)) } }
  const versions = contents.versions.map((version) => ({
    ...version,
    // Versions that were closed before a column came do not have it.
    row: reshaped(version.row, version.deletedMicros === undefined ? filling : undefined),
  }))
  return { ...shape, contents: { kind: "versions", versions } }
}

/** Rows of the copy that are as they were go on; what differs was closed as of the copy's rows. */
function succeeded(tables: Tables, { from, to, since }: Extract<TableStep, { kind: "succeed" }>): Tables {
  const [live, copy] = [tables.get(placeOf(from)), tables.get(copyPlace(to))]
  if (live === undefined || copy === undefined) throw new Error(`no table or no copy of ${placeOf(to)}`)
  const carried = (row: Row) =>
    to.columns.map(({ name, type }) => {
      const before = from.columns.findIndex((one) => one.name === name)
      const isKept = JSON.stringify(from.columns[before]?.type) === JSON.stringify(type)
      return isKept ? (row[before] ?? null) : null
    })
  const before = versionsOf(live).map((version) => ({ ...version, row: carried(version.row) }))
  const equal = (a: Row, b: Row) => JSON.stringify(a) === JSON.stringify(b)
  const isActive = ({ deletedMicros }: Version) => deletedMicros === undefined
  const goesOn = versionsOf(copy).map((one) => ({
    ...one,
    createdMicros:
      before.find((old) => isActive(old) && equal(old.row, one.row))?.createdMicros ?? one.createdMicros,
  }))
  const closed = before
    .filter((old) => !isActive(old) || !versionsOf(copy).some(({ row }) => equal(row, old.row)))
    .map((old) => (isActive(old) ? close(old, microsOfDate(since)) : old))
  const rest = without(without(tables, placeOf(from)), copyPlace(to))
  const contents = { kind: "versions", versions: [...goesOn, ...closed] } as const
  return new Map([...rest, [placeOf(to), { columns: to.columns, key: to.key, contents }]])
}
