/** The calls that a change of resources makes. */
import type { Caller } from "../../../control-plane/control-plane.ts"
import type { StatementSession, TextRow } from "../../../query/contract.ts"
import { parseModel } from "../../../resources/json-text.ts"
import type { ResourcePlane } from "../../../resources/requests/context.ts"
import type { ProgressEvent } from "../../../resources/requests/events.ts"
import {
  createResource,
  deleteResource,
  type ResourceChange,
  updateResource,
} from "../../../resources/requests/mutations.ts"
import { cancelRequest } from "../../../resources/requests/reads.ts"
import type { Model, ResourceType } from "../../../resources/resource-type.ts"
import { resourceTypes, shown } from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { changeOf, creation, identifiersOf, requireRegion, tokenOf, type Values } from "./call-values.ts"
import type { ChangeText } from "./change-text.ts"
import { existing } from "./conflicts.ts"

/** One call, and what the audit trail keeps of it. */
export interface Call {
  call(caller: Caller): Promise<ProgressEvent>
  audited: { operation: string; resource: string | undefined; parameters: object }
}

export interface CallParts {
  plane: ResourcePlane
  caller: Caller
  session: StatementSession
}

/** @param rows of the change's query. Throws PgError, ResourceFault. */
export async function callsOf(
  parts: CallParts,
  change: ChangeText,
  rows: readonly TextRow[],
): Promise<Call[]> {
  const { target } = change
  switch (target.kind) {
    case "type":
      if (change.verb === "INSERT") return await insertCalls(parts, { type: target.type, change }, rows)
      return changeCalls(parts, { type: target.type, change }, rows)
    case "anyType":
      return rows.flatMap((row) => anyTypeCalls(parts, change, valuesOf(change, row, "value"), row))
    case "requests":
      return requestCalls(parts, change, rows)
  }
}

interface TypedChange {
  type: ResourceType
  change: ChangeText
}

async function insertCalls(
  parts: CallParts,
  { type, change }: TypedChange,
  rows: readonly TextRow[],
): Promise<Call[]> {
  const calls: Call[] = []
  for (const row of rows) {
    const { clientToken, desired } = creation(parts.plane, type, valuesOf(change, row, "value"))
    const identifier = change.onConflict && (await existing(parts, { type, desired, ...change.onConflict }))
    if (identifier === undefined) calls.push(createCall(parts.plane, type, { clientToken, desired }))
    else if (change.onConflict?.kind === "update") {
      const assigned = changeOf(type, "UPDATE", valuesOf(change, row, "assigned"))
      calls.push(updateCall(parts.plane, type, { clientToken, identifier, change: assigned }))
    }
  }
  return calls
}

function createCall(
  plane: ResourcePlane,
  type: ResourceType,
  { clientToken, desired }: { clientToken: string | undefined; desired: Model },
): Call {
  const { typeName } = type
  const desiredState = JSON.stringify(desired)
  return {
    call: (caller) => createResource(plane, caller, { typeName, clientToken, desiredState }),
    audited: {
      operation: "CreateResource",
      resource: undefined,
      parameters: { typeName, ...shown(type, desired) },
    },
  }
}

function updateCall(
  plane: ResourcePlane,
  { typeName }: Pick<ResourceType, "typeName">,
  update: { clientToken: string | undefined; identifier: string; change: ResourceChange },
): Call {
  return {
    call: (caller) => updateResource(plane, caller, { typeName, ...update }),
    audited: { operation: "UpdateResource", resource: update.identifier, parameters: { typeName } },
  }
}

function deleteCall(
  plane: ResourcePlane,
  { typeName }: Pick<ResourceType, "typeName">,
  deletion: { clientToken: string | undefined; identifier: string },
): Call {
  return {
    call: (caller) => deleteResource(plane, caller, { typeName, ...deletion }),
    audited: { operation: "DeleteResource", resource: deletion.identifier, parameters: { typeName } },
  }
}

function changeCalls(parts: CallParts, typed: TypedChange, rows: readonly TextRow[]): Call[] {
  const { plane } = parts
  const { type, change } = typed
  const { clientToken, chosen } = chosenRows(parts, typed, rows)
  if (clientToken !== undefined && chosen.size > 1)
    throw new PgError("22023", "a ClientToken stands for one request: name one resource with it")
  return [...chosen].map(([identifier, values]) => {
    if (change.verb === "DELETE") return deleteCall(plane, type, { clientToken, identifier })
    const changed = changeOf(type, change.verb, values)
    return updateCall(plane, type, { clientToken, identifier, change: changed })
  })
}

/** What each resource gets, by identifier; of two rows for one resource the first counts. */
function chosenRows(
  { plane, session }: CallParts,
  { type, change }: TypedChange,
  rows: readonly TextRow[],
): { clientToken: string | undefined; chosen: Map<string, Values> } {
  const chosen = new Map<string, Values>()
  if (change.choice.kind === "named") {
    const [row = []] = rows
    const where = listsOf(change, row)
    for (const region of where.get("region") ?? []) requireRegion(plane, region)
    const values = valuesOf(change, row, "value")
    for (const identifier of identifiersOf(type, where)) chosen.set(identifier, values)
    return { clientToken: tokenOf(where.get("clienttoken")?.[0]), chosen }
  }
  requireBound(type, change, session)
  for (const row of rows) {
    const [identifier] = row
    if (typeof identifier === "string" && !chosen.has(identifier))
      chosen.set(identifier, valuesOf(change, row, "value"))
  }
  return { clientToken: undefined, chosen }
}

/** @throws PgError 42P10 */
function requireBound(
  { table }: ResourceType,
  { verb, choice }: ChangeText,
  session: StatementSession,
): void {
  if (choice.kind !== "chosen" || choice.isBounded) return
  if (verb === "DELETE" && session.setting("allow_unbounded_delete") === "on") return
  throw new PgError("42P10", `awscc.${table} needs values for: Identifier, or a condition on a property`, {
    hint:
      verb === "DELETE"
        ? "SET allow_unbounded_delete = on deletes all that the statement finds."
        : "A condition joined by AND counts; one inside of OR does not.",
  })
}

/** Generic calls, in which each row names its type. */
function anyTypeCalls({ plane }: CallParts, change: ChangeText, values: Values, row: TextRow): Call[] {
  if (change.choice.kind === "chosen")
    throw new PgError("42P10", "awscc.cloud_control.resources needs values for: TypeName, Identifier")
  const where = change.verb === "INSERT" ? values : firstOf(listsOf(change, row))
  if (where.get("region") !== undefined) requireRegion(plane, where.get("region") ?? null)
  const typeName = required(where, "typename", "TypeName")
  const clientToken = tokenOf(where.get("clienttoken"))
  if (change.verb === "INSERT") {
    const type = resourceTypes.get(typeName)
    const desiredState = required(where, "desiredstate", "DesiredState")
    // Whoever does not know the type does not know what must not be shown either.
    if (type !== undefined)
      return [createCall(plane, type, { clientToken, desired: parseModel(desiredState, "DesiredState") })]
    const audited = { operation: "CreateResource", resource: undefined, parameters: { typeName } }
    return [
      { call: (caller) => createResource(plane, caller, { typeName, clientToken, desiredState }), audited },
    ]
  }
  const identifier = required(where, "identifier", "Identifier")
  if (change.verb === "DELETE") return [deleteCall(plane, { typeName }, { clientToken, identifier })]
  const document = required(values, "patchdocument", "PatchDocument")
  return [updateCall(plane, { typeName }, { clientToken, identifier, change: { kind: "patch", document } })]
}

/** DELETE of a request cancels it. */
function requestCalls({ plane }: CallParts, change: ChangeText, rows: readonly TextRow[]): Call[] {
  if (change.verb !== "DELETE")
    throw new PgError("0A000", "requests are made by changes of resources; DELETE cancels one")
  if (change.choice.kind !== "named")
    throw new PgError("42P10", "awscc.cloud_control.resource_requests needs values for: RequestToken")
  const where = listsOf(change, rows[0] ?? [])
  for (const region of where.get("region") ?? []) requireRegion(plane, region)
  return (where.get("requesttoken") ?? []).map((token) => ({
    call: (caller) => cancelRequest(plane, caller, token ?? ""),
    audited: { operation: "CancelResourceRequest", resource: undefined, parameters: { requestToken: token } },
  }))
}

function required(values: Values, key: string, name: string): string {
  const value = values.get(key)
  if (typeof value === "string") return value
  throw new PgError("42P10", `awscc.cloud_control.resources needs values for: ${name}`)
}

function valuesOf({ columns }: ChangeText, row: TextRow, role: "value" | "assigned"): Values {
  const found = new Map<string, string | null>()
  for (const [at, column] of columns.entries())
    if (column.role === role) found.set(column.key, row[at] ?? null)
  return found
}

/** What WHERE names, by column. */
function listsOf({ columns }: ChangeText, row: TextRow): Map<string, (string | null)[]> {
  const found = new Map<string, (string | null)[]>()
  for (const [at, { role, key }] of columns.entries())
    if (role === "where") found.set(key, [...(found.get(key) ?? []), row[at] ?? null])
  return found
}

function firstOf(lists: ReadonlyMap<string, readonly (string | null)[]>): Values {
  return new Map([...lists].map(([key, values]) => [key, values[0] ?? null]))
}
