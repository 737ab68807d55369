/** Resources of any type, by the type's name: what Cloud Control itself shows. */
import { cellOf } from "../../resources/columns.ts"
import { ResourceFault } from "../../resources/faults.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import type { ResourceDescription } from "../../resources/requests/reads.ts"
import { everyResource, getResource } from "../../resources/requests/reads.ts"
import type { ResourceType } from "../../resources/resource-type.ts"
import { everyRow, type VirtualFilter, type VirtualTable } from "../virtual-table.ts"
import { explained, found, lookupOf } from "./lookup.ts"
import { tooMany } from "./request-table.ts"
import { asPg, callerOf, columnByKey, isElsewhere, missing } from "./table-rules.ts"
import { tagsOf } from "./type-tables.ts"

const text = (name: string) => ({ name, type: "text" as const })

/** `cloud_control.resource`, `cloud_control.resources` and `tagging.tagged_resources`. */
export function genericTables(plane: ResourcePlane): VirtualTable[] {
  return [oneResource(plane), listedResources(plane), taggedResources(plane)]
}

/** Values that a statement must give. @throws PgError 42P10 */
function requireValues(filter: VirtualFilter, table: string, columns: readonly string[]): string[][] {
  const values = columns.map((column) => filter.valuesOf(column))
  const absent = columns.filter((_column, at) => values[at] === undefined)
  if (absent.length > 0) throw missing(`awscc.cloud_control.${table}`, absent, "Add conditions with = or IN.")
  return values.map((one) => [...(one ?? [])].map(String))
}

function oneResource(plane: ResourcePlane): VirtualTable {
  const columns = ["type_name", "identifier", "properties", "region"].map(text)
  const wanted = (filter: VirtualFilter) => {
    const [types = [], identifiers = []] = requireValues(filter, "resource", ["type_name", "identifier"])
    return types.flatMap((typeName) => identifiers.map((identifier) => ({ typeName, identifier })))
  }
  return {
    ...{ name: "resource", schema: "cloud_control", database: "awscc", readableBy: "readers", columns },
    columnNamed: columnByKey(columns),
    rows: async (caller, filter) => {
      if (isElsewhere(plane, filter)) return []
      const rows: string[][] = []
      for (const named of wanted(filter)) {
        const one = await asPg(() => getIfThere(getResource(plane, callerOf(caller), named)))
        if (one !== undefined)
          rows.push([named.typeName, one.identifier, JSON.stringify(one.properties), plane.region])
      }
      return rows
    },
    explain: async (filter) => wanted(filter).map((one) => `GetResource ${one.typeName} ${one.identifier}`),
  }
}

/** No row is what SQL says of nothing. */
async function getIfThere(reading: Promise<ResourceDescription>): Promise<ResourceDescription | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof ResourceFault && error.kind === "notFound") return undefined
    throw error
  }
}

function listedResources(plane: ResourcePlane): VirtualTable {
  const columns = ["type_name", "resource_model", "identifier", "properties", "region"].map(text)
  const wanted = (filter: VirtualFilter) => {
    const [types = []] = requireValues(filter, "resources", ["type_name"])
    const models = filter.valuesOf("resource_model")
    const given = models === undefined ? [undefined] : [...models].map(String)
    return types.flatMap((typeName) => given.map((resourceModel) => ({ typeName, resourceModel })))
  }
  return {
    ...{ name: "resources", schema: "cloud_control", database: "awscc", readableBy: "readers", columns },
    columnNamed: columnByKey(columns),
    rows: async (caller, filter) => {
      if (isElsewhere(plane, filter)) return []
      const rows: (string | undefined)[][] = []
      for (const input of wanted(filter)) {
        const some = await asPg(() => everyResource(plane, callerOf(caller), input))
        if (some === "tooMany") throw tooMany("resources")
        for (const { identifier, properties } of some)
          rows.push([
            input.typeName,
            input.resourceModel,
            identifier,
            JSON.stringify(properties),
            plane.region,
          ])
      }
      return rows
    },
    explain: async (filter) =>
      wanted(filter).map((one) => `ListResources ${one.typeName} ${one.resourceModel ?? "{}"}`),
  }
}

/** A row for each resource of the types that are served. */
function taggedResources(plane: ResourcePlane): VirtualTable {
  const columns = ["resource_arn", "identifier", "type_name", "tags", "region"].map(text)
  const types = (filter: VirtualFilter): ResourceType[] => {
    const wanted = filter.valuesOf("type_name")
    return plane.resources
      .all()
      .map(({ type }) => type)
      .filter(({ typeName }) => wanted === undefined || wanted.has(typeName))
  }
  return {
    ...{ name: "tagged_resources", schema: "tagging", database: "awscc", readableBy: "readers", columns },
    columnNamed: columnByKey(columns),
    rows: async (caller, filter) => {
      if (isElsewhere(plane, filter)) return []
      const rows: (string | undefined)[][] = []
      for (const type of types(filter)) {
        const lookup = () => lookupOf(plane, type, everyRow)
        const some = await asPg(async () => found(plane, type, callerOf(caller), lookup()))
        for (const { identifier, properties } of some) {
          const tags = tagsOf(properties.Tags).map(([Key, Value]) => ({ Key, Value: cellText(Value) }))
          rows.push([arnOf(identifier), identifier, type.typeName, JSON.stringify(tags), plane.region])
        }
      }
      return rows
    },
    explain: async (filter) =>
      types(filter).flatMap((type) => explained(type, lookupOf(plane, type, everyRow))),
  }
}

function cellText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined
}

/** An identifier that is an ARN; the other types have none here. */
function arnOf(identifier: string): string | undefined {
  return identifier.startsWith("arn:") ? cellOf(identifier)?.toString() : undefined
}
