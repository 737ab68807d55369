/** Values of a statement as members of a call. */
import { columnKey, columnKind, propertyOf } from "../../../resources/columns.ts"
import { parseModel } from "../../../resources/json-text.ts"
import type { ResourcePlane } from "../../../resources/requests/context.ts"
import type { ResourceChange } from "../../../resources/requests/mutations.ts"
import type { Json, Model, ResourceType } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { ofCall } from "./change-target.ts"

/** By `columnKey`; `null`: NULL. */
export type Values = ReadonlyMap<string, string | null>

/** The resource that a row of INSERT describes. Throws 22023, 22P02, 42703, 42P10. */
export function creation(
  plane: ResourcePlane,
  type: ResourceType,
  row: Values,
): { clientToken: string | undefined; desired: Model } {
  const state = row.get("desiredstate")
  const desired: Model = typeof state === "string" ? parseModel(state, "DesiredState") : {}
  for (const [column, value] of row) {
    if (ofCall.has(column) || column === "desiredstate") continue
    const property = requireProperty(type, column)
    if (value !== null) desired[property] = valueFor(type, property, value)
  }
  const missing = type.required.filter((name) => desired[name] === undefined)
  if (missing.length > 0) throw missingColumns(type, missing)
  if (row.has("region")) requireRegion(plane, row.get("region") ?? null)
  return { clientToken: tokenOf(row.get("clienttoken")), desired }
}

/** What SET says: PatchDocument, or properties. Throws 22P02, 42601, 42703. */
export function changeOf(type: ResourceType, verb: string, set: Values): ResourceChange {
  const document = set.get("patchdocument")
  if (document !== undefined) {
    if (set.size > 1) throw new PgError("42601", "SET takes PatchDocument, or properties")
    if (verb === "REPLACE")
      throw new PgError("42601", "REPLACE takes properties: a patch changes some of them")
    return { kind: "patch", document: document ?? "" }
  }
  const values: Model = {}
  for (const [column, value] of set) {
    const name = requireProperty(type, column)
    values[name] = value === null ? null : valueFor(type, name, value)
  }
  return { kind: verb === "REPLACE" ? "replace" : "assign", values }
}

/** The resources that WHERE names: by Identifier, or by all of its parts. Throws 42P10. */
export function identifiersOf(
  type: ResourceType,
  where: ReadonlyMap<string, readonly (string | null)[]>,
): string[] {
  const whole = where.get("identifier")
  // Nothing is equal to NULL.
  if (whole !== undefined) return [...new Set(whole.filter((one) => one !== null))]
  let found = [""]
  for (const [at, name] of type.primaryIdentifier.entries()) {
    const values = where.get(columnKey(name))
    if (values === undefined) throw missingColumns(type, ["Identifier"])
    const texts = values.filter((one) => one !== null)
    found = found.flatMap((before) => texts.map((one) => (at === 0 ? one : `${before}|${one}`)))
  }
  return [...new Set(found)]
}

function missingColumns({ table }: ResourceType, columns: readonly string[]): PgError {
  return new PgError("42P10", `awscc.${table} needs values for: ${columns.join(", ")}`)
}

export function requireRegion({ region }: ResourcePlane, given: string | null): void {
  if (given !== region)
    throw new PgError("22023", `resources here are in the region ${region}, and in no other`)
}

export function tokenOf(value: string | null | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  if (/^[-A-Za-z0-9+/=]{1,128}$/.test(value)) return value
  throw new PgError("22023", "ClientToken has 1 to 128 characters: letters, digits, + / = -")
}

function requireProperty(type: ResourceType, column: string): string {
  const property = propertyOf(type, column)
  if (property !== undefined) return property
  throw new PgError("42703", `column "${column}" of relation "awscc.${type.table}" does not exist`)
}

/** A text as the property's schema has it: numbers and truth values are read from it, objects and lists are JSON. */
function valueFor(type: ResourceType, name: string, text: string): Json {
  const property = type.properties[name]
  if (property === undefined) return text
  switch (columnKind(type, property)) {
    case "text":
      return text
    case "integer":
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text
    case "boolean":
      return text === "true" || text === "t" ? true : text === "false" || text === "f" ? false : text
    case "json":
      return jsonOf(name, text)
  }
}

function jsonOf(name: string, text: string): Json {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) throw new PgError("22P02", `the value of ${name} is not JSON`)
    throw error
  }
}
