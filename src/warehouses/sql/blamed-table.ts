/** Which table of a plan a warehouse refuses: known only when the plan is run again, table by table. */
import type { TableName, TableSchema } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { HeldTable, PlaceOf } from "../../replication/batch/held.ts"
import type { TableStep } from "../../replication/batch/step.ts"

/** A table of a plan: by id where the step has it, else by the name that it has before the plan. */
export type Blamed = TableSchema | TableName

/** What one step of a plan does. `blamed`: who is left behind if the server refuses it; `undefined`: nobody, the plan fails. */
export interface StepActions<Action> {
  blamed: Blamed | undefined
  /** The table that the actions change, quoted, whole. */
  live: string
  actions: readonly Action[]
}

/** A table of which the server refused what was done to it. `error`: what the driver threw. */
export interface Refusal<Failure> {
  blamed: Blamed
  /** Where it stood, quoted, whole. */
  live: string
  error: Failure
}

/**
 * Whom to leave behind where a step is refused. Without its table a plan does the same again but for steps that make a table go:
 * those blame nobody.
 */
export function blamedOf(step: TableStep): Blamed | undefined {
  switch (step.kind) {
    case "drop":
    case "retire":
    case "closeVersions":
      return undefined
    case "leave":
    case "adoptCopy":
    case "beginVersions":
    case "endVersions":
      return step.table
    case "arrive":
    case "succeed":
      return step.from
    case "alter":
      return step.alteration.from
    case "change":
      return step.changes.table
    default:
      return unreachable(step)
  }
}

/** The table as the warehouse has recorded it (`held`), else as it was to come; `undefined`: neither is known. */
export function blamedTable(
  blamed: Blamed,
  pipeline: string,
  { held, placeOf }: { held: readonly HeldTable[]; placeOf: PlaceOf },
): TableSchema | undefined {
  const isIt = ({ schema }: HeldTable) =>
    "id" in blamed ? schema.id === blamed.id : placeOf(schema) === placeOf(blamed)
  const found = held.find((one) => one.pipeline === pipeline && isIt(one))
  return found?.schema ?? ("id" in blamed ? blamed : undefined)
}
