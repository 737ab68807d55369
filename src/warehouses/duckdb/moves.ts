import type { TableSchema } from "../../domain/table.ts"
import type { Bookkeeping, HeldTable } from "./bookkeeping.ts"
import { quoteIdentifier } from "./instance.ts"
import { isSamePlace, liveTable, movingTable } from "./naming.ts"

/** A table of the batch and the name it has at the batch's end. */
export interface Move {
  from: TableSchema
  to: TableSchema
}

export interface Held {
  tables: readonly HeldTable[]
  /** Tables, by id, that become stale with the caller's transaction. */
  stale: ReadonlySet<string>
}

/**
 * Statements that bring tables to their new names, all at once: they may exchange them. What stands at a new name and
 * does not move is no longer called so at the source: its copy under another name is still being made. Until then it
 * stays readable under the name that became free, which it most likely has now; where none did, it goes. Also returns
 * what is held after them.
 */
export function moveStatements(
  database: string,
  books: Bookkeeping,
  named: readonly Move[],
  { tables: held, stale }: Held,
): { statements: string[]; held: HeldTable[] } {
  const makingWay = wayMade(named, held)
  const moves = [...named, ...makingWay.map(({ move }) => move)]
  const moving = new Set(moves.map(({ from }) => from.id))
  const inTheWay = held.filter(
    ({ schema }) => !moving.has(schema.id) && moves.some(({ to }) => isSamePlace(to, schema)),
  )
  const gone = new Set(inTheWay.map(({ schema }) => schema.id))
  const statements = [
    ...inTheWay.flatMap(({ pipeline, schema }) => [
      `DROP TABLE IF EXISTS ${liveTable(database, schema)}`,
      books.untrack(pipeline, schema),
    ]),
    ...moves.map(
      ({ from }) =>
        `ALTER TABLE ${liveTable(database, from)} RENAME TO ${quoteIdentifier(movingTable(from).name)}`,
    ),
    ...moves.flatMap(({ from, to }) => arriveStatements(database, from, to)),
    ...makingWay.flatMap(({ one, move: { to } }) => [
      ...books.track(one.pipeline, to),
      ...(one.stale || stale.has(to.id) ? [books.markStale(one.pipeline, to)] : []),
    ]),
  ]
  const newNames = new Map(moves.map(({ from, to }) => [from.id, to]))
  const after = held
    .filter(({ schema }) => !gone.has(schema.id))
    .map((one) => {
      const to = newNames.get(one.schema.id)
      return to === undefined ? one : { ...one, schema: { ...one.schema, schema: to.schema, name: to.name } }
    })
  return { statements, held: after }
}

/** Where tables that stand at the new name of another one go. */
function wayMade(named: readonly Move[], held: readonly HeldTable[]): { one: HeldTable; move: Move }[] {
  const isMoving = (id: string) => named.some(({ from }) => from.id === id)
  const ownerOf = (table: TableSchema) => held.find(({ schema }) => schema.id === table.id)?.pipeline
  return held.flatMap((one) => {
    const { schema } = one
    const comer = named.find(({ to }) => isSamePlace(to, schema))
    if (comer === undefined || isMoving(schema.id) || ownerOf(comer.from) !== one.pipeline) return []
    const isTaken = named.some(({ to }) => isSamePlace(to, comer.from))
    const to = { ...schema, schema: comer.from.schema, name: comer.from.name }
    return isTaken ? [] : [{ one, move: { from: schema, to } }]
  })
}

function arriveStatements(database: string, from: TableSchema, to: TableSchema): string[] {
  const left = liveTable(database, movingTable(from))
  if (from.schema.toLowerCase() === to.schema.toLowerCase())
    return [`ALTER TABLE ${left} RENAME TO ${quoteIdentifier(to.name)}`]
  // The engine cannot move a table into another schema.
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(to.schema)}`,
    `CREATE TABLE ${liveTable(database, to)} AS FROM ${left}`,
    `DROP TABLE ${left}`,
  ]
}
