import type { Caller } from "../../control-plane/control-plane.ts"
import { cellOf, columnKind } from "../../resources/columns.ts"
import { ResourceFault } from "../../resources/faults.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import { getResource, listResources, type ResourceDescription } from "../../resources/requests/reads.ts"
import { type ResourceType, resourceTypes } from "../../resources/resource-type.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import { resourceFaultAsPgError } from "../faults.ts"
import type { Cell, VirtualColumn, VirtualFilter, VirtualTable } from "../virtual-table.ts"
import { requestTable } from "./request-table.ts"
import { callerOf, missing, requireRegion } from "./table-rules.ts"

const rowsAtMost = 10_000
const pageSize = 100

/** What every resource has beside its properties. */
const place: readonly VirtualColumn[] = [
  { name: "region", type: "text" },
  { name: "identifier", type: "text" },
]

/** All tables of the database `awscc`: of each type two, of which one has identifiers only, and the requests. */
export function resourceTables(plane: ResourcePlane): VirtualTable[] {
  const ofTypes = [...resourceTypes.values()].flatMap((type) => [
    tableOf(plane, type, Object.keys(type.properties), ""),
    tableOf(plane, type, type.primaryIdentifier, "_list_only"),
  ])
  return [...ofTypes, requestTable(plane)]
}

function tableOf(
  plane: ResourcePlane,
  type: ResourceType,
  properties: readonly string[],
  suffix: "" | "_list_only",
): VirtualTable {
  const [schema = "", table = ""] = type.table.split(".")
  const name = `${table}${suffix}`
  return {
    name,
    schema,
    database: "awscc",
    readableBy: "administrators",
    columns: [...properties.map((property) => columnOf(type, property)), ...place],
    rows: async (caller, filter) => {
      if (requireRegion(filter, plane.region, `awscc.${schema}.${name}`) === "elsewhere") return []
      const found = await wanted(plane, type, callerOf(caller), filter).catch((error: unknown) => {
        throw resourceFaultAsPgError(error)
      })
      return found.map((one) => rowOf(one, properties, plane.region))
    },
  }
}

function columnOf(type: ResourceType, property: string): VirtualColumn {
  const known = type.properties[property]
  if (known === undefined) throw new Error(`${type.typeName} has no property ${property}`)
  const kind = columnKind(type, known)
  return { name: known.column, type: kind === "boolean" ? kind : kind === "integer" ? "bigint" : "text" }
}

/** Reads what is named, and lists otherwise. */
async function wanted(
  plane: ResourcePlane,
  type: ResourceType,
  caller: Caller,
  filter: VirtualFilter,
): Promise<ResourceDescription[]> {
  const identifiers = identifiersIn(type, filter)
  if (identifiers !== undefined) {
    plane.resources.served(type.typeName)
    return await eachRead(plane, type, caller, identifiers)
  }
  const inputs = listInputs(type, filter)
  const found: ResourceDescription[] = []
  for (const input of inputs) found.push(...(await allOf(plane, type, caller, input)))
  return found
}

/** From `identifier`, or from all of its parts; undefined: the statement names none. */
function identifiersIn(type: ResourceType, filter: VirtualFilter): string[] | undefined {
  const whole = filter.valuesOf("identifier")
  if (whole !== undefined) return [...whole].map(String)
  const parts = type.primaryIdentifier.map((name) => filter.valuesOf(type.properties[name]?.column ?? ""))
  let joined: string[] | undefined
  for (const values of parts) {
    if (values === undefined) return undefined
    const texts = [...values].map(String)
    joined = joined === undefined ? texts : joined.flatMap((before) => texts.map((one) => `${before}|${one}`))
  }
  return joined
}

async function eachRead(
  plane: ResourcePlane,
  { typeName }: ResourceType,
  caller: Caller,
  identifiers: readonly string[],
): Promise<ResourceDescription[]> {
  const found: ResourceDescription[] = []
  for (const identifier of identifiers) {
    try {
      found.push(await getResource(plane, caller, { typeName, identifier }))
    } catch (error) {
      // No row is what SQL says of nothing.
      if (!(error instanceof ResourceFault) || error.kind !== "notFound") throw error
    }
  }
  return found
}

/** One for each value of what the type needs to be listed. @throws PgError 42P10 */
function listInputs(type: ResourceType, filter: VirtualFilter): string[] {
  const [name, ...more] = type.listInput
  if (name === undefined) return ["{}"]
  const values = filter.valuesOf(type.properties[name]?.column ?? "")
  if (values !== undefined && more.length === 0)
    return [...values].map((value) => JSON.stringify({ [name]: value }))
  const columns = type.listInput.map((one) => type.properties[one]?.column ?? one)
  throw missing(`awscc.${type.table}`, columns, "Resources of this type are listed by it.")
}

async function allOf(
  plane: ResourcePlane,
  { typeName, table }: ResourceType,
  caller: Caller,
  resourceModel: string,
): Promise<ResourceDescription[]> {
  const found: ResourceDescription[] = []
  let after: string | undefined
  do {
    const page = await listResources(plane, caller, { typeName, resourceModel, after, limit: pageSize })
    found.push(...page.descriptions)
    if (found.length > rowsAtMost)
      throw new PgError("54000", `awscc.${table} has more than ${rowsAtMost} resources: name an identifier`)
    after = page.next
  } while (after !== undefined)
  return found
}

function rowOf(
  { identifier, properties }: ResourceDescription,
  names: readonly string[],
  region: string,
): Cell[] {
  return [...names.map((name) => cellOf(properties[name])), region, identifier]
}
