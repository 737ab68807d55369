import type { TableSchema } from "../../domain/table.ts"
import type { Bookkeeping, HeldTable } from "./bookkeeping.ts"
import { quoteIdentifier } from "./instance.ts"
import { isSamePlace, liveTable, movingTable } from "./naming.ts"

/** A table of the batch and the name it has at the batch's end. */
export interface Move {
  from: TableSchema
  to: TableSchema
}

/**
 * Statements that bring tables to their new names, all at once: they may exchange them. What stands at a new name and
 * does not move is no longer called so at the source, and goes. Also returns what is held after them.
 */
export function moveStatements(
  database: string,
  books: Bookkeeping,
  moves: readonly Move[],
  held: readonly HeldTable[],
): { statements: string[]; held: HeldTable[] } {
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
