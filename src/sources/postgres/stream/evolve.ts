import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import {
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putNull,
  type RowBuffer,
} from "../../../replication/values/columns.ts"
import type { PgColumn, PgTable } from "../catalog/catalog.ts"
import { columnNumbers } from "../catalog/column-numbers.ts"
import { hasLeavesOf } from "../catalog/leaf-partitions.ts"
import { revisionOf } from "../catalog/revision.ts"
import { printAsBefore } from "../types/type-parts.ts"
import { type Described, isDescribed } from "./relation.ts"

/** A table as the catalog has it, at some time after the place in the stream that is looked at. */
export interface CurrentTable {
  table: PgTable
  /** By attribute number: what rows older than the column hold in it, as text; `undefined`: it cannot be told. */
  missing: ReadonlyMap<number, string | undefined>
}

export type Evolution =
  /** `table` knows the newest facts; its definition has not changed. */
  | { kind: "same"; table: PgTable }
  | { kind: "altered"; to: PgTable; origins: (number | undefined)[]; fill: RowBuffer | undefined }
  /** Not to be had from what is known: the table is resynced beside the live one. */
  | { kind: "beside"; reason: string }

class Beside extends Error {}

/** The catalog is known not to be ahead of the stream. */
export interface Exact {
  /** Transactions that emptied the table whole since its storage was last compared. */
  emptiedBy: ReadonlySet<string>
}

/** One table, as it was and as it is. */
interface Step {
  known: PgTable
  described: Described
  current: CurrentTable
  /** `undefined`: the catalog may be ahead of the stream. */
  exact: Exact | undefined
}

/**
 * What a table that the stream describes so has become, of what it was. The catalog says more than the description, but
 * may be ahead of it, unless it is `exact`; whatever cannot be told for certain is resynced.
 */
export function evolve(
  known: PgTable,
  described: Described,
  current: CurrentTable,
  exact?: Exact,
): Evolution {
  const step = { known, described, current, exact }
  try {
    if (known.partitioned || current.table.partitioned) return evolvePartitioned(step)
    if (known.isBare || current.table.isBare) return evolveBare(step)
    const numbers =
      exact === undefined ? columnNumbers(known, described, current.table) : numbersOf(current.table)
    if (numbers === undefined) throw new Beside("its columns changed in a way that the stream does not tell")
    return evolveTo(step, numbers)
  } catch (error) {
    if (error instanceof Beside) return { kind: "beside", reason: error.message }
    throw error
  }
}

/**
 * The stream tells of a partitioned table what happens to rows through it, and of its partitions nothing. A catalog that
 * is ahead may show what the stream has yet to tell (a TRUNCATE of the whole): then partitions are looked at later.
 */
function evolvePartitioned({ known, described, current: { table }, exact }: Step): Evolution {
  const isSame =
    known.partitioned === table.partitioned && isDescribed(known, described) && isDescribed(table, described)
  if (!isSame) throw new Beside("its definition changed")
  if (exact !== undefined && !hasLeavesOf(known.storage, table.storage, exact.emptiedBy))
    throw new Beside("a partition came or went with its rows, or was written anew")
  if (columnsRevision(known) !== columnsRevision(table)) throw new Beside("its definition changed")
  for (const index of known.columns.keys()) refuseOtherParts(known, index, table, index)
  return { kind: "same", table: exact === undefined ? known : { ...known, storage: table.storage } }
}

/** Without columns there is nothing to alter, only to come. */
function evolveBare({ known, described, current: { table } }: Step): Evolution {
  if (!isDescribed(known, described) || !isDescribed(table, described))
    throw new Beside("its definition changed")
  return { kind: "same", table: { ...known, storage: table.storage } }
}

function columnsRevision({ columns }: PgTable): string {
  return JSON.stringify(columns.map(({ number, xmin }) => [number, xmin]))
}

/** `numbers`: of the attributes that the columns now are. */
function evolveTo(step: Step, numbers: number[]): Evolution {
  const { known, described, current } = step
  const { table } = current
  const isAhead = numbers.join() !== numbersOf(table).join()
  // Truncating, vacuuming in full and clustering bring another file too, but touch no column.
  const isTouched = isAhead || columnsRevision(known) !== columnsRevision(table)
  if (known.storage !== table.storage && isTouched) throw new Beside("its rows were written anew")
  const columns = numbers.map((number, index) => columnAt(step, number, index))
  const origins = numbers.map((number) => {
    const origin = known.columns.findIndex((column) => column.number === number)
    return origin === -1 ? undefined : origin
  })
  const to: PgTable = {
    ...table,
    columns: columns.map(({ column }) => column),
    identity: described.identity,
    attributes: isAhead ? Math.max(known.attributes, ...numbers) : table.attributes,
    storage: table.storage,
    schema: {
      id: known.schema.id,
      schema: described.schema,
      name: described.name,
      columns: columns.map(({ shown }) => shown),
      key: keyOf(step, numbers),
    },
  }
  to.schema.revision = revisionOf(to)
  const isSame = origins.every((origin, index) => origin === index) && isSameShape(known.schema, to.schema)
  if (isSame) return { kind: "same", table: { ...to, schema: known.schema } }
  return { kind: "altered", to, origins, fill: fillOf(to, numbers, origins, current) }
}

function numbersOf({ columns }: PgTable): number[] {
  return columns.map(({ number }) => number)
}

function isSameShape(a: PgTable["schema"], b: PgTable["schema"]): boolean {
  const shapeOf = ({ schema, name, columns, key }: PgTable["schema"]) =>
    JSON.stringify([schema, name, columns, key ?? null])
  return shapeOf(a) === shapeOf(b)
}

/** Column `index` of the description, which is attribute `number`. */
function columnAt(
  { known, described, current: { table } }: Step,
  number: number,
  index: number,
): { column: PgColumn; shown: PgTable["schema"]["columns"][number] } {
  const wanted = described.columns[index]
  const was = known.columns.findIndex((column) => column.number === number)
  const is = table.columns.findIndex((column) => column.number === number)
  if (was === -1 && is === -1) throw new Beside("a column came and went")
  const isOfType = (column: PgColumn | undefined) =>
    column?.typeOid === wanted?.typeOid && column?.typeModifier === wanted?.typeModifier
  const [from, place] = isOfType(known.columns[was]) ? [known, was] : [table, is]
  const found = from.columns[place]
  const shown = from.schema.columns[place]
  if (found === undefined || shown === undefined || wanted === undefined || !isOfType(found))
    throw new Beside("a type changed more than once")
  if (from === table && was !== -1 && !keepsValues(known, was, found))
    throw new Beside(`column ${wanted.name} changed its type`)
  refuseOtherParts(known, was, table, is)
  const xmin = table.columns[is]?.xmin ?? found.xmin
  return { column: { ...found, name: wanted.name, xmin }, shown: { ...shown, name: wanted.name } }
}

/** A composite type's attributes and an enum's labels can change under their columns; values then print otherwise. */
function refuseOtherParts(known: PgTable, was: number, table: PgTable, is: number): void {
  const [before, now] = [known.columns[was], table.columns[is]]
  if (before?.typeOid !== now?.typeOid || before?.typeModifier !== now?.typeModifier) return
  const isOther = known.schema.columns[was]?.sourceType !== table.schema.columns[is]?.sourceType
  if (isOther || !printAsBefore(before?.parts, now?.parts))
    throw new Beside(`the type of column ${now?.name} changed`)
}

const textOids = new Set([25, 1043])

/** Whether values that were not written anew look the same in the new type. */
function keepsValues(known: PgTable, was: number, now: PgColumn): boolean {
  const before = known.columns[was] as PgColumn
  if (known.schema.columns[was]?.keptAsText !== undefined) return false
  const [from, to] = [before.mapping.type, now.mapping.type]
  if (textOids.has(before.typeOid) && textOids.has(now.typeOid)) return true
  if (before.typeOid !== now.typeOid) return false
  if (from.kind === "decimal" && to.kind === "decimal")
    return from.scale === to.scale && from.precision <= to.precision
  return JSON.stringify(from) === JSON.stringify(to)
}

function keyOf(
  { known, described, current: { table }, exact }: Step,
  numbers: readonly number[],
): number[] | undefined {
  const placesIn = ({ schema: { key }, columns }: PgTable) =>
    key?.map((index) => numbers.indexOf(columns[index]?.number ?? -1))
  const [was, is] = [placesIn(known), placesIn(table)].map((key) => (key?.includes(-1) ? undefined : key))
  if (exact !== undefined) return is
  // With all columns sent it is not told what the key is; none is always right then.
  if (described.identity === "f") return was?.join() === is?.join() ? was : undefined
  const flagged = described.columns.flatMap(({ isKey }, index) => (isKey ? [index] : []))
  if (flagged.length === 0) throw new Beside("it has no key any more")
  const isFlagged = (key: number[] | undefined) =>
    key !== undefined && [...key].sort((a, b) => a - b).join() === flagged.join()
  return [was, is].find(isFlagged) ?? flagged
}

function fillOf(
  to: PgTable,
  numbers: readonly number[],
  origins: readonly (number | undefined)[],
  { missing }: CurrentTable,
): RowBuffer | undefined {
  const rows = newRowBuffer(to.schema.columns.map(({ type }) => type))
  let isEmpty = true
  for (const [index, number] of numbers.entries()) {
    const column = rows.columns[index] as ColumnBuffer
    const isNew = origins[index] === undefined
    if (!isNew || !missing.has(number)) putNull(column, 0)
    else {
      isEmpty = false
      putMissing(column, to.columns[index] as PgColumn, missing.get(number))
    }
  }
  endRow(rows)
  return isEmpty ? undefined : rows
}

function putMissing(column: ColumnBuffer, { name, mapping }: PgColumn, text: string | undefined): void {
  if (text === undefined) throw new Beside(`what older rows hold in column ${name} cannot be told`)
  const bytes = Buffer.from(text)
  try {
    mapping.fromText(column, bytes, 0, bytes.length)
  } catch (error) {
    if (!(error instanceof UnrepresentableValue)) throw error
    throw new Beside(`what older rows hold in column ${name} is to be held as text`)
  }
}
