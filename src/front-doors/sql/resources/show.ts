import type { Answer } from "../../../query/contract.ts"
import { schemaKind } from "../../../resources/columns.ts"
import { type ResourceType, resourceTypes } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { ResourceCommand } from "./statements.ts"

type ShowCommand = Exclude<ResourceCommand, { kind: "change" | "explain" }>

/** The columns of an answer; undefined: none. */
export function showColumns({ kind }: ShowCommand): string[] | undefined {
  switch (kind) {
    case "showProviders":
      return ["name", "version"]
    case "showServices":
      return ["id", "name", "title"]
    case "showResources":
      return ["name", "id"]
    case "showMethods":
      return ["MethodName", "RequiredParams", "SQLVerb"]
    case "describe":
      return ["name", "type"]
    case "registry":
      return undefined
  }
}

/** What there is of resources and their types. Throws 42P01, 3F000. */
export function showAnswer(command: ShowCommand): Answer {
  switch (command.kind) {
    case "showProviders":
      return { rows: [["awscc", "v1"]], tag: "SHOW" }
    case "showServices":
      return { rows: services().map((one) => [`awscc.${one}`, one, one]), tag: "SHOW" }
    case "showResources":
      return { rows: resourcesOf(command.service), tag: "SHOW" }
    case "showMethods":
      return { rows: methodsOf(typeOf(command.table)), tag: "SHOW" }
    case "describe":
      return { rows: columnsOf(typeOf(command.table)), tag: "DESCRIBE" }
    case "registry":
      // Types come with the program.
      return { rows: [], tag: "REGISTRY" }
  }
}

function services(): string[] {
  return [...new Set([...resourceTypes.values()].map(({ table }) => table.split(".")[0] ?? ""))].sort()
}

function resourcesOf(service: string): string[][] {
  const tables = [...resourceTypes.values()]
    .map(({ table }) => table)
    .filter((one) => one.startsWith(`${service}.`))
  if (tables.length === 0) throw new PgError("3F000", `there is no service awscc.${service}`)
  return tables.sort().map((table) => [table.slice(service.length + 1), `awscc.${table}`])
}

function typeOf(table: string): ResourceType {
  const found = [...resourceTypes.values()].find((one) => one.table === table)
  if (found === undefined) throw new PgError("42P01", `relation "awscc.${table}" does not exist`)
  return found
}

function methodsOf({ required }: ResourceType): string[][] {
  return [
    ["create_resource", [...required, "region"].join(", "), "INSERT"],
    ["delete_resource", "Identifier, region", "DELETE"],
    ["update_resource", "Identifier, PatchDocument, region", "UPDATE"],
    ["list_resources", "region", "SELECT"],
    ["get_resource", "Identifier, region", "SELECT"],
  ]
}

function columnsOf(type: ResourceType): string[][] {
  const properties = Object.values(type.properties).map((one) => [one.column, schemaKind(type, one)])
  return [...properties, ["region", "string"], ["identifier", "string"]]
}
