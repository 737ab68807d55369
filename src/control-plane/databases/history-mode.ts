import type { DatabaseOptions } from "../../domain/database-options.ts"
import { Fault } from "../../domain/faults.ts"
import { isGone, qualifiedName } from "../../domain/table.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { ObservedTable } from "../../state/pipelines/observed-facts.ts"
import type { ObservedPipeline } from "../pipelines/observed-pipelines.ts"
import { chosenIn, type RefreshScope } from "./refresh-scope.ts"

/** Which tables HISTORY_MODE is set for: all, those of schemas, or tables by name. */
export type HistoryScope =
  | { kind: "all"; schemas: string[] | undefined }
  | Extract<RefreshScope, { kind: "tables" }>

/**
 * What is to be recorded for `HISTORY_MODE … FOR scope`. For all, it holds for tables to come as well. Tables that are
 * not in step are switched with their next copy; one that is named must be in step.
 *
 * @throws Fault invalidValue (no such table or schema, or one that cannot keep versions), integrationInWrongState
 */
export function historyOptions(
  database: DatabaseRecord,
  one: ObservedPipeline | undefined,
  isOn: boolean,
  scope: HistoryScope,
): Pick<Partial<DatabaseOptions>, "historyMode" | "historyTables"> {
  if (scope.kind === "all" && scope.schemas === undefined) return { historyMode: isOn, historyTables: {} }
  const known = (one?.kind === "known" ? one.tables : []).filter(({ state }) => !isGone(state))
  const chosen = chosenIn(scope, known, database.name)
  if (scope.kind === "tables") for (const table of chosen) refuseUnrepresentable(table, isOn)
  const set = Object.fromEntries(chosen.map(({ id }) => [id, isOn]))
  return { historyTables: { ...database.options.historyTables, ...set } }
}

function refuseUnrepresentable(table: ObservedTable, isOn: boolean): void {
  const name = qualifiedName(table)
  if (isOn && table.state === "Synced" && table.keyColumns.length === 0)
    throw new Fault(
      "invalidValue",
      `Table ${name} has no key, and without one no row is another version of an earlier one.`,
    )
  if (table.state === "Synced") return
  throw new Fault(
    "integrationInWrongState",
    `HISTORY_MODE can be switched for a table that is Synced; ${name} is ${table.state}. Try again when it is.`,
  )
}
