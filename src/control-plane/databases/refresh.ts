import { Fault } from "../../domain/faults.ts"
import { isGone, qualifiedName } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { DatabaseRecord } from "../../state/databases.ts"
import type { Caller } from "../control-plane.ts"
import { orUnavailable } from "../pipelines/ask-pipelines.ts"
import type { RunningPipeline } from "../pipelines/running-pipeline.ts"
import type { TableProgress } from "../pipelines/table-progress.ts"
import { requireAdmin } from "../sql-users/roles.ts"

/** Which tables of a database are to be copied anew. */
export type RefreshScope =
  /** `remediable`: those that were found to differ from their source. */
  | { kind: "all" | "inError" | "remediable"; schemas: string[] | undefined }
  /** Without a schema: in whichever it is. */
  | { kind: "tables"; tables: { schema: string | undefined; name: string }[] }

/**
 * Has tables of a destination database copied anew beside the live ones, which stay readable; returns as soon as that is
 * ordered, with their names.
 *
 * @throws Fault accessDenied, integrationInWrongState (not streaming), invalidValue (no such table or schema, or it
 * cannot be copied), unavailable
 */
export async function refreshDatabase(
  running: readonly RunningPipeline[],
  caller: Caller,
  database: DatabaseRecord,
  scope: RefreshScope,
): Promise<string[]> {
  requireAdmin(caller, "copy tables anew")
  const one = running.find(({ database: { integrationId, sourceDatabase } }) => {
    return integrationId === database.integrationId && sourceDatabase === database.sourceDatabase
  })
  const streaming = one?.pipeline?.streaming()
  if (one === undefined || streaming === undefined)
    throw new Fault(
      "integrationInWrongState",
      `Database "${database.name}" does not stream now (it is ${one?.monitor.phase ?? "starting"}). Try again when it does.`,
    )
  const tables = chosenIn(scope, [...one.monitor.tables.values()].filter(isThere), database.name)
  const refusals =
    tables.length === 0
      ? new Map<string, string>()
      : await orUnavailable(streaming.refusals(tables.map(({ id }) => id)))
  const refused = tables.find(({ id }) => refusals.has(id))
  if (scope.kind === "tables" && refused !== undefined)
    throw new Fault(
      "invalidValue",
      `Table ${qualifiedName(refused)} cannot be copied. ${refusals.get(refused.id)}`,
    )
  const possible = tables.filter(({ id }) => !refusals.has(id))
  streaming.resync(possible.map(({ id }) => id))
  return possible.map(qualifiedName).sort()
}

const isThere = ({ state }: TableProgress) => !isGone(state)

/** @throws Fault invalidValue (no such table or schema) */
export function chosenIn(scope: RefreshScope, tables: TableProgress[], database: string): TableProgress[] {
  switch (scope.kind) {
    case "tables":
      return scope.tables.flatMap(({ schema, name }) => {
        const found = tables.filter((one) => one.name === name && one.schema === (schema ?? one.schema))
        if (found.length > 0) return found
        throw noSuch(database, "table", schema === undefined ? name : `${schema}.${name}`)
      })
    case "all":
    case "inError":
    case "remediable":
      return inSchemas(scope.schemas, tables, database).filter((table) => isMeant(scope.kind, table))
    default:
      return unreachable(scope)
  }
}

function isMeant(kind: "all" | "inError" | "remediable", { state, verified }: TableProgress): boolean {
  switch (kind) {
    case "all":
      return state !== "ResyncInitiated"
    case "inError":
      return state === "Failed"
    case "remediable":
      return state === "Synced" && (verified?.differences ?? 0) > 0
    default:
      return unreachable(kind)
  }
}

function inSchemas(
  schemas: string[] | undefined,
  tables: TableProgress[],
  database: string,
): TableProgress[] {
  const unknown = schemas?.find((schema) => !tables.some((table) => table.schema === schema))
  if (unknown !== undefined) throw noSuch(database, "schema", unknown)
  return tables.filter((table) => schemas?.includes(table.schema) ?? true)
}

function noSuch(database: string, what: string, name: string): Fault {
  return new Fault(
    "invalidValue",
    `Database "${database}" has no replicated ${what} ${name}. SVV_INTEGRATION_TABLE_STATE lists the tables; names keep the source's case and need quotes where that is not lower.`,
  )
}
