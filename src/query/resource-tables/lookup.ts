/** Which calls a query on resources of a type makes. */
import type { Caller } from "../../control-plane/control-plane.ts"
import { ResourceFault } from "../../resources/faults.ts"
import { readIdentifier } from "../../resources/identifier.ts"
import type { ResourcePlane } from "../../resources/requests/context.ts"
import {
  everyResource,
  getResource,
  type ResourceDescription,
  resourcesAtMost,
} from "../../resources/requests/reads.ts"
import { type Model, neededToList, type ResourceType, resourceTypes } from "../../resources/resource-type.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"
import type { VirtualFilter } from "../virtual-table.ts"
import { missing } from "./table-rules.ts"

/** More identifiers than this below one parent are found by one list, and not by as many reads. */
const readsAtMost = 10

/**
 * `get`: each by its identifier. `list`: once for each input; `only`: the rest is not wanted. `listBelow`: all resources of the parent
 * type are listed first, and then those below each.
 */
export type Lookup =
  | { kind: "get"; identifiers: readonly string[] }
  | { kind: "list"; inputs: readonly Model[] }
  | { kind: "listBelow"; parent: ResourceType }

/** Reads what is named, and lists otherwise. @throws PgError 42P10, ResourceFault unsupportedAction, invalidRequest */
export function lookupOf(plane: ResourcePlane, type: ResourceType, filter: VirtualFilter): Lookup {
  plane.resources.served(type.typeName)
  const identifiers = identifiersIn(type, filter)
  if (identifiers !== undefined) return namedLookup(type, identifiers)
  const inputs = listInputs(type, filter)
  if (inputs !== undefined) return { kind: "list", inputs }
  const parent = parentOf(type)
  if (parent !== undefined && isServed(plane, parent)) return { kind: "listBelow", parent }
  const columns = neededToList(type).map((one) => type.properties[one]?.column ?? one)
  throw missing(`awscc.${type.table}`, columns, "Resources of this type are listed by it.")
}

function namedLookup(type: ResourceType, identifiers: readonly string[]): Lookup {
  if (identifiers.length <= readsAtMost) return { kind: "get", identifiers }
  const inputs = new Map<string, Model>()
  for (const identifier of identifiers) {
    const identity = readIdentifier(type, identifier)
    const input = Object.fromEntries(neededToList(type).map((name) => [name, identity[name] ?? ""]))
    inputs.set(JSON.stringify(input), input)
  }
  // Lists of parents that have a few of them each are no gain.
  const isGain = inputs.size * readsAtMost <= identifiers.length
  return isGain ? { kind: "list", inputs: [...inputs.values()] } : { kind: "get", identifiers }
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

/** One for each value of what the type needs to be listed; undefined: the statement does not say. */
function listInputs(type: ResourceType, filter: VirtualFilter): Model[] | undefined {
  const [name, ...more] = neededToList(type)
  if (name === undefined) return [{}]
  const values = filter.valuesOf(type.properties[name]?.column ?? "")
  if (values === undefined || more.length > 0) return undefined
  return [...values].map((value) => ({ [name]: String(value) }))
}

/** The type whose resources those of the type lie below: its identifier is what they are listed by. */
function parentOf(type: ResourceType): ResourceType | undefined {
  const needed = neededToList(type)
  const isSame = ({ primaryIdentifier }: ResourceType) =>
    primaryIdentifier.length === needed.length && primaryIdentifier.every((one) => needed.includes(one))
  return [...resourceTypes.values()].find((one) => neededToList(one).length === 0 && isSame(one))
}

function isServed({ resources }: ResourcePlane, { typeName }: ResourceType): boolean {
  return resources.all().some(({ type }) => type.typeName === typeName)
}

/** Throws what the reads throw, and PgError 54000. */
export async function found(
  plane: ResourcePlane,
  type: ResourceType,
  caller: Caller,
  lookup: Lookup,
): Promise<ResourceDescription[]> {
  switch (lookup.kind) {
    case "get":
      return await eachRead(plane, type, caller, lookup.identifiers)
    case "list":
      return await eachListed(plane, type, caller, lookup.inputs)
    case "listBelow": {
      const parents = await eachListed(plane, lookup.parent, caller, [{}])
      const inputs = parents.map(({ properties }) =>
        Object.fromEntries(neededToList(type).map((name) => [name, properties[name] ?? ""])),
      )
      return await eachListed(plane, type, caller, inputs)
    }
  }
}

/** A line for each call. */
export function explained(type: ResourceType, lookup: Lookup): string[] {
  const { typeName } = type
  switch (lookup.kind) {
    case "get":
      return lookup.identifiers.map((one) => `GetResource ${typeName} ${one}`)
    case "list":
      return lookup.inputs.map((input) => `ListResources ${typeName} ${JSON.stringify(input)}`)
    case "listBelow":
      return [
        `ListResources ${lookup.parent.typeName} {}`,
        `ListResources ${typeName} for each ${neededToList(type).join(", ")} found`,
      ]
  }
}

async function eachRead(
  plane: ResourcePlane,
  { typeName }: ResourceType,
  caller: Caller,
  identifiers: readonly string[],
): Promise<ResourceDescription[]> {
  const all: ResourceDescription[] = []
  for (const identifier of identifiers) {
    try {
      all.push(await getResource(plane, caller, { typeName, identifier }))
    } catch (error) {
      // No row is what SQL says of nothing.
      if (!(error instanceof ResourceFault) || error.kind !== "notFound") throw error
    }
  }
  return all
}

async function eachListed(
  plane: ResourcePlane,
  { typeName, table }: ResourceType,
  caller: Caller,
  inputs: readonly Model[],
): Promise<ResourceDescription[]> {
  const all: ResourceDescription[] = []
  for (const input of inputs) {
    const some = await everyResource(plane, caller, { typeName, resourceModel: JSON.stringify(input) })
    if (some === "tooMany" || all.length + some.length > resourcesAtMost)
      throw new PgError(
        "54000",
        `awscc.${table} has more than ${resourcesAtMost} resources: name an identifier`,
      )
    all.push(...some)
  }
  return all
}
