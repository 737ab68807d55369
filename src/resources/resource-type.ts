import { readFileSync } from "node:fs"

/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | { [name: string]: Json }

/** Properties of a resource by name, or some of them. */
export type Model = { [property: string]: Json }

/** A JSON Schema (draft 7) in which `#/definitions/…` is of the type. */
export type Schema = { readonly [keyword: string]: Json }

export interface Property {
  /** Its name in SQL. */
  column: string
  schema: Schema
}

/** A type of resources, as its published schema says. */
export interface ResourceType {
  /** `AWS::RDS::Integration`. */
  typeName: string
  /** In SQL, without the provider: `rds.integrations`. */
  table: string
  /** Where the schema is from. */
  source: string
  /** Names of the properties whose values name a resource, in order. */
  primaryIdentifier: readonly string[]
  required: readonly string[]
  /** Paths below the properties, parts joined by `/`: `Stats`, `RuleBasedMatching/Status`. Nobody but the service sets them. */
  readOnly: readonly string[]
  /** As above: set once. */
  createOnly: readonly string[]
  /** As above: never shown. */
  writeOnly: readonly string[]
  /** As published; see `neededToList`. */
  listInput: readonly string[]
  properties: Readonly<Record<string, Property>>
  definitions: Readonly<Record<string, Schema>>
}

/**
 * Properties without which resources cannot be listed: those that name what they lie below. A type whose published list wants its own
 * identifier (a domain's) is listed without.
 */
export function neededToList({ listInput, primaryIdentifier }: ResourceType): readonly string[] {
  return primaryIdentifier.every((name) => listInput.includes(name)) ? [] : listInput
}

/** One file for each, in `types/`. */
const names = [
  "customer-profiles-domain",
  "customer-profiles-event-stream",
  "customer-profiles-event-trigger",
  "customer-profiles-integration",
  "customer-profiles-object-type",
  "rds-integration",
  "redshift-integration",
] as const

/** Every type that is known, by name. */
export const resourceTypes: ReadonlyMap<string, ResourceType> = new Map(
  names.map(read).map((type) => [type.typeName, type]),
)

function read(name: (typeof names)[number]): ResourceType {
  return JSON.parse(readFileSync(new URL(`types/${name}.json`, import.meta.url), "utf8"))
}

/** The value at a path; `undefined`: there is none. */
export function valueAt(model: Model, path: string): Json | undefined {
  let value: Json | undefined = model
  for (const part of path.split("/")) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined
    value = Object.hasOwn(value, part) ? value[part] : undefined
  }
  return value
}

/** The model without the values at these paths. The given one stays as it is. */
export function without(model: Model, paths: readonly string[]): Model {
  const kept = structuredClone(model)
  for (const path of paths) {
    const parts = path.split("/")
    const last = parts.pop() ?? ""
    const parent = parts.length === 0 ? kept : valueAt(kept, parts.join("/"))
    if (typeof parent === "object" && parent !== null && !Array.isArray(parent)) delete parent[last]
  }
  return kept
}

/** What a caller may see of a resource. */
export function shown(type: ResourceType, model: Model): Model {
  return without(model, type.writeOnly)
}
