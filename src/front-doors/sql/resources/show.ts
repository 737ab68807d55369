import { unreachable } from "../../../domain/unreachable.ts"
import type { Answer } from "../../../query/contract.ts"
import { columnKind, schemaKind } from "../../../resources/columns.ts"
import type { ResourcePlane } from "../../../resources/requests/context.ts"
import { neededToList, type ResourceType, resourceTypes } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { ShowCommand } from "./commands.ts"
import { eventColumns } from "./returning.ts"

/** The columns of an answer; undefined: none. (Source: StackQL's language specification, results of SHOW and DESCRIBE.) */
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
    case "showVersion":
      return ["version"]
    case "showInsert":
      return ["result"]
    case "describe":
      return ["name", "type"]
    case "describeMethod":
      return ["name", "type", "param_type", "shape"]
    case "sleep":
    case "nothing":
      return undefined
    default:
      return unreachable(kind)
  }
}

/** What there is of resources and their types. Throws 42P01, 3F000, 42883. */
export function showAnswer(command: ShowCommand, { region }: Pick<ResourcePlane, "region">): Answer {
  switch (command.kind) {
    case "showProviders":
      return shown(named([["awscc", "v1"]], command.pattern, 0))
    case "showServices":
      return shown(
        named(
          services().map((one) => [`awscc.${one}`, one, one]),
          command.pattern,
          1,
        ),
      )
    case "showResources":
      return shown(named(resourcesOf(command.service), command.pattern, 0))
    case "showMethods":
      return shown(
        named(
          methodsOf(command.table).map(({ name, required, verb }) => [
            name,
            [...required, "region"].join(", "),
            verb,
          ]),
          command.pattern,
          0,
        ),
      )
    case "showVersion":
      return shown([["Millrace"]])
    case "showInsert":
      return shown([[template(typeOf(command.table), { region, ...command })]])
    case "describe":
      return { rows: columnsOf(typeOf(command.table)), tag: "DESCRIBE" }
    case "describeMethod":
      return { rows: methodRows(command.table, command.method), tag: "DESCRIBE" }
    case "sleep":
      return { rows: [], tag: "SLEEP" }
    case "nothing":
      // Types come with the program, and whoever asks is signed in.
      return { rows: [], tag: command.tag }
    default:
      return unreachable(command)
  }
}

function shown(rows: string[][]): Answer {
  return { rows, tag: "SHOW" }
}

function named(rows: string[][], pattern: string | undefined, at: number): string[][] {
  if (pattern === undefined) return rows
  return rows.filter((row) => isLike((row[at] ?? "").toLowerCase(), pattern.toLowerCase()))
}

/** LIKE as SQL has it, in time that is the product of both lengths. */
function isLike(text: string, pattern: string): boolean {
  // Which beginnings of the text fit what is read of the pattern.
  let fits = [true, ...Array.from(text, () => false)]
  for (const one of pattern) {
    const before = fits
    const first = one === "%" && before[0] === true
    fits = [first]
    for (const [at, character] of [...text].entries()) {
      const isFit =
        one === "%"
          ? before[at + 1] === true || fits[at] === true
          : before[at] === true && (one === "_" || one === character)
      fits.push(isFit)
    }
  }
  return fits.at(-1) === true
}

/** Tables that are not of one type, by service. */
const generic: Readonly<Record<string, readonly string[]>> = {
  cloud_control: ["resource", "resource_request", "resource_requests", "resources"],
  tagging: ["tagged_resources"],
}

function services(): string[] {
  const ofTypes = [...resourceTypes.values()].map(({ table }) => table.split(".")[0] ?? "")
  return [...new Set([...ofTypes, ...Object.keys(generic)])].sort()
}

function resourcesOf(service: string): string[][] {
  const ofTypes = [...resourceTypes.values()]
    .map(({ table }) => table)
    .filter((one) => one.startsWith(`${service}.`))
    .map((table) => table.slice(service.length + 1))
    .flatMap((name) => [name, `${name}_list_only`])
  const names = [...ofTypes, ...(Object.hasOwn(generic, service) ? (generic[service] ?? []) : [])]
  if (names.length === 0) throw new PgError("3F000", `there is no service awscc.${service}`)
  return names.sort().map((name) => [name, `awscc.${service}.${name}`])
}

function typeOf(table: string): ResourceType {
  const name = table.replace(/_list_only$/, "")
  const found = [...resourceTypes.values()].find((one) => one.table === name)
  if (found === undefined) throw new PgError("42P01", `relation "awscc.${table}" does not exist`)
  return found
}

interface Method {
  name: string
  required: string[]
  optional: string[]
  verb: string
}

const ofMutations = ["region", "ClientToken", "RoleArn", "TypeVersionId"]

function methodsOf(table: string): Method[] {
  if (table === "cloud_control.resource_requests")
    return [
      {
        name: "list_resource_requests",
        required: [],
        optional: ["region", "ResourceRequestStatusFilter"],
        verb: "SELECT",
      },
      { name: "cancel_resource_request", required: ["RequestToken"], optional: ["region"], verb: "DELETE" },
    ]
  const isAny = table === "cloud_control.resources" || table === "cloud_control.resource"
  return isAny ? methodsOfAny() : methodsOfType(typeOf(table))
}

function methodsOfAny(): Method[] {
  return [
    {
      name: "create_resource",
      required: ["TypeName", "DesiredState"],
      optional: ofMutations,
      verb: "INSERT",
    },
    { name: "delete_resource", required: ["TypeName", "Identifier"], optional: ofMutations, verb: "DELETE" },
    {
      name: "update_resource",
      required: ["TypeName", "Identifier", "PatchDocument"],
      optional: ofMutations,
      verb: "UPDATE",
    },
    { name: "list_resources", required: ["TypeName"], optional: ["region", "ResourceModel"], verb: "SELECT" },
    { name: "get_resource", required: ["TypeName", "Identifier"], optional: ["region"], verb: "SELECT" },
  ]
}

function methodsOfType(type: ResourceType): Method[] {
  const optional = settable(type).filter((name) => !type.required.includes(name))
  return [
    {
      name: "create_resource",
      required: [...type.required],
      optional: [...optional, ...ofMutations],
      verb: "INSERT",
    },
    { name: "delete_resource", required: ["Identifier"], optional: ofMutations, verb: "DELETE" },
    {
      name: "update_resource",
      required: ["Identifier", "PatchDocument"],
      optional: ofMutations,
      verb: "UPDATE",
    },
    { name: "list_resources", required: [], optional: [...neededToList(type), "region"], verb: "SELECT" },
    { name: "get_resource", required: ["Identifier"], optional: ["region"], verb: "SELECT" },
  ]
}

/** Names of the properties that a caller may give. */
function settable({ properties, readOnly }: ResourceType): string[] {
  return Object.keys(properties).filter((name) => !readOnly.includes(name))
}

function methodRows(table: string, name: string): string[][] {
  const method = methodsOf(table).find((one) => one.name === name.toLowerCase())
  if (method === undefined) throw new PgError("42883", `there is no method ${name} of awscc.${table}`)
  const row = (column: string, kind: string) => [column, typeIn(table, column), kind, ""]
  const output = method.verb === "SELECT" ? ["Identifier", "Properties"] : [...eventColumns]
  return [
    ...method.required.map((column) => row(column, "input_required")),
    ...method.optional.map((column) => row(column, "input_optional")),
    ...output.map((column) => row(column, "output")),
  ]
}

function typeIn(table: string, column: string): string {
  if (table.startsWith("cloud_control.")) return "string"
  const type = typeOf(table)
  const property = Object.hasOwn(type.properties, column) ? type.properties[column] : undefined
  return property === undefined ? "string" : schemaKind(type, property)
}

function columnsOf(type: ResourceType): string[][] {
  const properties = Object.values(type.properties).map((one) => [one.column, schemaKind(type, one)])
  return [...properties, ["region", "string"], ["identifier", "string"]]
}

/** An INSERT with a place to fill for each property. */
function template(
  type: ResourceType,
  { region, isRequiredOnly }: { region: string; isRequiredOnly: boolean },
): string {
  const names = isRequiredOnly ? [...type.required] : settable(type)
  const places = names.map((name) => {
    const property = type.properties[name]
    const isBare =
      property !== undefined && ["integer", "number", "boolean"].includes(columnKind(type, property))
    return isBare ? `{{ ${name} }}` : `'{{ ${name} }}'`
  })
  const columns = [...names, "region"].map((name) => `  ${name}`).join(",\n")
  const values = [...places, `'${region}'`].map((value) => `  ${value}`).join(",\n")
  return `INSERT INTO awscc.${type.table} (\n${columns}\n)\nSELECT\n${values}\nRETURNING *;`
}
