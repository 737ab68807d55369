import type { TableName } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { type AlterStep, isNote, type Step, type TableStep } from "../../../replication/batch/step.ts"
import type { Bookkeeping } from "../../sql/bookkeeping.ts"
import { renderNote } from "../../sql/plan-notes.ts"
import { liveTable, loadingTable, movingTable } from "../naming.ts"
import { quoteIdentifier } from "../quoting.ts"
import { alterStatements } from "./alter-sql.ts"
import { applyStatements } from "./apply-sql.ts"
import type { Fills } from "./fills.ts"
import { beginVersions, closeAll, endVersions, retire, succeedStatements } from "./versioned-tables.ts"

export interface Rendering {
  database: string
  books: Bookkeeping
  fills: Fills
}

/** A plan as this engine's statements, in order, for one transaction. */
export function renderSteps(rendering: Rendering, steps: readonly Step[]): string[] {
  return steps.flatMap((step) =>
    isNote(step) ? renderNote(rendering.books, step) : renderTable(rendering, step),
  )
}

function renderTable(rendering: Rendering, step: TableStep): string[] {
  const { database } = rendering
  switch (step.kind) {
    case "drop":
      return [`DROP TABLE IF EXISTS ${liveTable(database, step.table)}`]
    case "leave":
      return [rename(liveTable(database, step.table), movingTable(step.table).name)]
    case "arrive":
      return arriveStatements(database, step.from, step.to)
    case "adoptCopy":
      return [rename(loadingTable(database, step.table), step.table.name)]
    case "succeed":
      return succeedStatements(database, step)
    case "beginVersions":
      return beginVersions(liveTable(database, step.table), step.at)
    case "endVersions":
      return endVersions(database, step.table, step.at)
    case "retire":
      return retire(database, step.table, step.at)
    case "closeVersions":
      return [closeAll(database, step.table, step.at)]
    case "alter":
      return renderAlteration(rendering, step)
    case "change":
      return applyStatements(liveTable(database, step.place), step.changes)
    default:
      return unreachable(step)
  }
}

function renderAlteration({ database, fills }: Rendering, step: AlterStep): string[] {
  const { place, alteration, keepsVersions, isTouched } = step
  return alterStatements(
    database,
    place,
    { ...alteration, fill: fills.get(alteration), keepsVersions },
    isTouched,
  )
}

function rename(table: string, name: string): string {
  return `ALTER TABLE ${table} RENAME TO ${quoteIdentifier(name)}`
}

function arriveStatements(database: string, from: TableName, to: TableName): string[] {
  const left = liveTable(database, movingTable(from))
  if (from.schema.toLowerCase() === to.schema.toLowerCase()) return [rename(left, to.name)]
  // The engine cannot move a table into another schema.
  return [
    `CREATE SCHEMA IF NOT EXISTS ${quoteIdentifier(database)}.${quoteIdentifier(to.schema)}`,
    `CREATE TABLE ${liveTable(database, to)} AS FROM ${left}`,
    `DROP TABLE ${left}`,
  ]
}
