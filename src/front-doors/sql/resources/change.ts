import { pause } from "../../../concurrency/deadline.ts"
import type { Caller } from "../../../control-plane/control-plane.ts"
import type { Answer, StatementSession, TextRow } from "../../../query/contract.ts"
import { resourceFaultAsPgError } from "../../../query/faults.ts"
import type { ResourcePlane } from "../../../resources/requests/context.ts"
import type { ProgressEvent } from "../../../resources/requests/events.ts"
import { resourceRequest } from "../../../resources/requests/reads.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { AuditStatement } from "../audited-statements.ts"
import { type Call, callsOf } from "./calls.ts"
import type { ResourceCommand } from "./commands.ts"
import { cellsOf } from "./returning.ts"

export interface ResourceContext {
  /** Absent: the port has no resources. */
  plane: ResourcePlane | undefined
  caller: Caller
  audit: AuditStatement
  session: StatementSession
}

type Change = Pick<Extract<ResourceCommand, { kind: "change" }>, "change" | "returning" | "isAwaited">

/** Said to whoever does not ask for the request by RETURNING. */
export const despatched = "The operation was despatched successfully"
const lookEveryMs = 100

/** Makes the requests that a statement stands for, one for each resource, in order. Throws PgError. */
export async function runChange(
  command: Change,
  context: ResourceContext,
  rows: readonly TextRow[],
): Promise<Answer> {
  const plane = await requireChanger(context)
  const { session } = context
  const { change, returning } = command
  const calls = await asPg(callsOf({ plane, caller: context.caller, session }, change, rows))
  // Whoever waits holds no view of the warehouse's rows meanwhile.
  await session.transaction.endImplicit(false)
  const events = await made(calls, context)
  const isAwaited = command.isAwaited || session.setting("await") === "on"
  const last = isAwaited ? await Promise.all(events.map((one) => overIn(plane, context, one))) : events
  const tag = change.verb === "INSERT" ? `INSERT 0 ${events.length}` : `${change.verb} ${events.length}`
  if (returning === undefined) return { rows: [], tag }
  return { rows: last.map((event) => cellsOf(event, returning)), tag }
}

async function made(calls: readonly Call[], { audit, caller }: ResourceContext): Promise<ProgressEvent[]> {
  const events: ProgressEvent[] = []
  for (const { call, audited } of calls) events.push(await asPg(audit(audited, () => asPg(call(caller)))))
  return events
}

/** The calls that a change would make, a line for each. Throws PgError. */
export async function explainChange(
  change: Change["change"],
  context: ResourceContext,
  rows: readonly TextRow[],
): Promise<Answer> {
  const plane = await requireChanger(context)
  const calls = await asPg(callsOf({ plane, caller: context.caller, session: context.session }, change, rows))
  const lines = calls.map(({ audited: { operation, resource, parameters } }) =>
    [operation, resource, JSON.stringify(parameters)].filter((part) => part !== undefined).join(" "),
  )
  const chosen = change.choice.kind === "chosen" ? [`Resources are chosen by: ${change.query}`] : []
  return { rows: [...chosen, ...lines].map((line) => [line]), tag: "EXPLAIN" }
}

async function requireChanger(context: ResourceContext): Promise<ResourcePlane> {
  const plane = await requirePlane(context)
  if (!(await context.session.access()).isSuperuser)
    throw new PgError("42501", "permission denied: only administrators change resources")
  if (!context.session.transaction.isExplicit()) return plane
  throw new PgError("25001", "changes of resources cannot run inside a transaction block", {
    hint: "They take effect by requests, and ROLLBACK would not undo them.",
  })
}

/** @throws PgError 0A000, 42501, 25P02 */
export async function requirePlane({ plane, session }: ResourceContext): Promise<ResourcePlane> {
  session.transaction.assertUsable()
  if (plane === undefined) throw new PgError("0A000", "there are no resources on this port")
  if (!(await session.access()).readsAll) throw new PgError("42501", "permission denied: resources")
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
