import { Fault } from "../../domain/faults.ts"
import type { TableName, TableState } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"

/** Which tables of a database are to be resynced. */
export type RefreshScope =
  /** `remediable`: those that were found to differ from their source. */
  | { kind: "all" | "inError" | "remediable"; schemas: string[] | undefined }
  /** Without a schema: in whichever it is. */
  | { kind: "tables"; tables: { schema: string | undefined; name: string }[] }

/** What must be known of a table to tell whether it is meant. */
export interface ChoosableTable extends TableName {
  state: TableState
  verified: { differences: number } | null
}

/** @throws Fault invalidValue (no such table or schema) */
export function chosenIn<T extends ChoosableTable>(scope: RefreshScope, tables: T[], database: string): T[] {
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

function isMeant(kind: "all" | "inError" | "remediable", { state, verified }: ChoosableTable): boolean {
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

function inSchemas<T extends ChoosableTable>(
  schemas: string[] | undefined,
  tables: T[],
  database: string,
): T[] {
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
