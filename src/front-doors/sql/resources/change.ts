import { pause } from "../../../concurrency/deadline.ts"
import type { Caller } from "../../../control-plane/control-plane.ts"
import type { Answer, StatementSession } from "../../../query/contract.ts"
import { resourceFaultAsPgError } from "../../../query/faults.ts"
import { columnKey, columnKind, propertyOf } from "../../../resources/columns.ts"
import type { ResourcePlane } from "../../../resources/requests/context.ts"
import type { ProgressEvent } from "../../../resources/requests/events.ts"
import { createResource, deleteResource, updateResource } from "../../../resources/requests/mutations.ts"
import { resourceRequest } from "../../../resources/requests/reads.ts"
import {
  type Json,
  type Model,
  type ResourceType,
  resourceTypes,
  shown,
} from "../../../resources/resource-type.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { AuditStatement } from "../audited-statements.ts"
import { type ParsedChange, parseChange } from "./parse.ts"
import type { EventColumn, ResourceCommand } from "./statements.ts"
import type { Conditions } from "./values.ts"

export interface ResourceContext {
  /** Absent: the port has no resources. */
  plane: ResourcePlane | undefined
  caller: Caller
  audit: AuditStatement
  session: StatementSession
}

type Change = Extract<ResourceCommand, { kind: "change" }>

/** Said to whoever does not ask for the request by RETURNING. */
export const despatched = "The operation was despatched successfully"
const lookEveryMs = 100

/** Makes the requests that a statement stands for, one for each resource, in order. Throws PgError. */
export async function runChange(command: Change, context: ResourceContext): Promise<Answer> {
  const plane = await requirePlane(context)
  const { session } = context
  if (session.transaction.isExplicit())
    throw new PgError("25001", "changes of resources cannot run inside a transaction block", {
      hint: "They take effect by requests, and ROLLBACK would not undo them.",
    })
  const change = await parseChange(command.text)
  const calls = callsOf(plane, change)
  const events: ProgressEvent[] = []
  for (const { call, audited } of calls)
    events.push(await asPg(context.audit(audited, () => asPg(call(context.caller)))))
  const last = command.isAwaited
    ? await Promise.all(events.map((one) => overIn(plane, context, one)))
    : events
  const tag = change.verb === "INSERT" ? `INSERT 0 ${events.length}` : `${change.verb} ${events.length}`
  const { returning } = command
  if (returning === undefined) return { rows: [], tag }
  return { rows: last.map((event) => returning.map((column) => cellsOf(event)[column])), tag }
}

/** @throws PgError 0A000, 42501, 25P02 */
export async function requirePlane({ plane, session }: ResourceContext): Promise<ResourcePlane> {
  session.transaction.assertUsable()
  if (plane === undefined) throw new PgError("0A000", "there are no resources on this port")
  if (!(await session.access()).isSuperuser) throw new PgError("42501", "permission denied: resources")
  return plane
}

async function asPg<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw resourceFaultAsPgError(error)
  }
}

/** When the request is over; the statement's own end stops the waiting, and not the request. */
async function overIn(
  plane: ResourcePlane,
  context: ResourceContext,
  event: ProgressEvent,
): Promise<ProgressEvent> {
  const never = new AbortController()
  let now = event
  while (!["SUCCESS", "FAILED", "CANCEL_COMPLETE"].includes(now.operationStatus)) {
    await pause(lookEveryMs, never.signal)
    await context.session.alive()
    now = await asPg(resourceRequest(plane, context.caller, event.requestToken))
  }
  return now
}

interface Call {
  call(caller: Caller): Promise<ProgressEvent>
  audited: { operation: string; resource: string | undefined; parameters: object }
}

function callsOf(plane: ResourcePlane, change: ParsedChange): Call[] {
  const type = [...resourceTypes.values()].find(({ table }) => table === change.table)
  if (type === undefined) throw new PgError("42P01", `relation "awscc.${change.table}" does not exist`)
  const { typeName } = type
  if (change.verb === "INSERT") {
    return change.rows.map((row) => {
      const { clientToken, desired } = insertion(plane, type, row)
      const desiredState = JSON.stringify(desired)
      return {
        call: (caller) => createResource(plane, caller, { typeName, clientToken, desiredState }),
        audited: {
          operation: "CreateResource",
          resource: undefined,
          parameters: { typeName, ...shown(type, desired) },
        },
      }
    })
  }
  const { clientToken, identifiers } = addressed(plane, type, change.where)
  if (change.verb === "DELETE") {
    return identifiers.map((identifier) => ({
      call: (caller) => deleteResource(plane, caller, { typeName, clientToken, identifier }),
      audited: { operation: "DeleteResource", resource: identifier, parameters: { typeName } },
    }))
  }
  const patchDocument = patchOf(type, change.set)
  return identifiers.map((identifier) => ({
    call: (caller) => updateResource(plane, caller, { typeName, clientToken, identifier, patchDocument }),
    audited: { operation: "UpdateResource", resource: identifier, parameters: { typeName } },
  }))
}

/** Columns that are no property: the place, and members of the call that every statement may give. */
const ofCall: ReadonlySet<string> = new Set(["region", "clienttoken", "rolearn", "typeversionid"])

function insertion(
  plane: ResourcePlane,
  type: ResourceType,
  row: ReadonlyMap<string, Json>,
): { clientToken: string | undefined; desired: Model } {
  const desired: Model = {}
  for (const [column, value] of row) {
    if (ofCall.has(column)) continue
    const property = requireProperty(type, column)
    if (value !== null) desired[property] = valueFor(type, property, value)
  }
  const missing = [
    ...(row.has("region") ? [] : ["region"]),
    ...type.required.filter((name) => desired[name] === undefined),
  ]
  if (missing.length > 0) throw missingColumns(type, missing)
  requireRegion(plane, row.get("region"))
  return { clientToken: tokenOf(row.get("clienttoken")), desired }
}

function missingColumns({ table }: ResourceType, columns: readonly string[]): PgError {
  return new PgError("42P10", `awscc.${table} needs values for: ${columns.join(", ")}`)
}

function requireRegion({ region }: ResourcePlane, given: Json | undefined): void {
  if (given !== region)
    throw new PgError("22023", `resources here are in the region ${region}, and in no other`)
}

function tokenOf(value: Json | undefined): string | undefined {
  if (value === undefined || value === null) return undefined
  const text = String(value)
  if (/^[-A-Za-z0-9+/=]{1,128}$/.test(text)) return text
  throw new PgError("22023", "ClientToken has 1 to 128 characters: letters, digits, + / = -")
}

function requireProperty(type: ResourceType, column: string): string {
  const property = propertyOf(type, column)
  if (property !== undefined) return property
  throw new PgError("42703", `column "${column}" of relation "awscc.${type.table}" does not exist`)
}

/** A constant as the property's schema has it: numbers may be given as text, objects and lists are JSON text. */
function valueFor(type: ResourceType, name: string, value: Json): Json {
  const property = type.properties[name]
  if (property === undefined) return value
  switch (columnKind(type, property)) {
    case "text":
      return String(value)
    case "integer":
    case "number":
      return typeof value === "string" && value.trim() !== "" && !Number.isNaN(Number(value))
        ? Number(value)
        : value
    case "boolean":
      return value === "true" ? true : value === "false" ? false : value
    case "json":
      return typeof value === "string" ? jsonOf(name, value) : value
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

/** The resources that WHERE names: by Identifier, or by all of its parts. */
function addressed(
  plane: ResourcePlane,
  type: ResourceType,
  where: Conditions,
): { clientToken: string | undefined; identifiers: string[] } {
  const parts = type.primaryIdentifier.map(columnKey)
  const foreign = [...where.keys()].find(
    (key) => key !== "identifier" && !ofCall.has(key) && !parts.includes(key),
  )
  if (foreign !== undefined)
    throw new PgError("0A000", `WHERE of a change names resources by Identifier, and not by ${foreign}`)
  const named = where.get("identifier")?.map(String) ?? joined(parts.map((part) => where.get(part)))
  const missing = [...(where.has("region") ? [] : ["region"]), ...(named === undefined ? ["Identifier"] : [])]
  if (missing.length > 0 || named === undefined) throw missingColumns(type, missing)
  for (const region of where.get("region") ?? []) requireRegion(plane, region)
  return { clientToken: tokenOf(where.get("clienttoken")?.[0]), identifiers: [...new Set(named)] }
}

function joined(parts: readonly (readonly Json[] | undefined)[]): string[] | undefined {
  let found = [""]
  for (const [at, values] of parts.entries()) {
    if (values === undefined) return undefined
    found = found.flatMap((before) => values.map((one) => (at === 0 ? String(one) : `${before}|${one}`)))
  }
  return found
}

/** The patch as it is given, or one that sets each property. NULL takes a property away. */
function patchOf(type: ResourceType, set: ReadonlyMap<string, Json>): string {
  const document = set.get("patchdocument")
  if (document !== undefined) {
    if (set.size > 1) throw new PgError("42601", "SET takes PatchDocument, or properties")
    return String(document)
  }
  const operations = [...set].map(([column, value]) => {
    const name = requireProperty(type, column)
    return value === null
      ? { op: "remove", path: `/${name}` }
      : { op: "add", path: `/${name}`, value: valueFor(type, name, value) }
  })
  return JSON.stringify(operations)
}

function cellsOf(event: ProgressEvent): Record<EventColumn, string | null> {
  return {
    ErrorCode: event.errorCode ?? null,
    EventTime: event.eventTime.toISOString(),
    Identifier: event.identifier ?? null,
    Operation: event.operation,
    OperationStatus: event.operationStatus,
    RequestToken: event.requestToken,
    ResourceModel: event.resourceModel ?? null,
    RetryAfter: null,
    StatusMessage: event.statusMessage ?? null,
    TypeName: event.typeName,
  }
}
