import type { AuditEntry, AuditedCall } from "../domain/audit.ts"
import { Fault } from "../domain/faults.ts"
import type { AuditStore } from "../state/audit.ts"
import type { Caller } from "./control-plane.ts"
import { requireAdmin } from "./policies.ts"

export interface AuditLog {
  error(fields: object, message: string): void
}

interface AuditParts {
  store: AuditStore
  log: AuditLog
  /** In a word, why a call failed; the fault's kind unless the door has its own errors. */
  outcomeOf?: (error: unknown) => string
}

function outcomeOfFault(error: unknown): string {
  return error instanceof Fault ? error.kind : "internal"
}

/** Long texts of a call are cut: the trail tells what was asked, it does not keep documents. */
const textLimit = 1_000

/**
 * Runs a call that changes something, with its entry in the trail: begun before, so that there is no change without
 * one, and ended with how it went. An entry that could not be ended says so by having no outcome.
 */
export async function audited<T>(
  { store, log, outcomeOf = outcomeOfFault }: AuditParts,
  call: AuditedCall,
  run: () => Promise<T>,
  resourceOf: (output: T) => string | undefined,
): Promise<T> {
  const id = await store.begin({
    ...call,
    resource: call.resource === undefined ? undefined : storable(call.resource),
    parameters: parametersOf(call.parameters),
  })
  const end = async (outcome: string, resource: string | undefined) => {
    try {
      await store.end(id, outcome, resource)
    } catch (error) {
      log.error({ requestId: call.requestId, reason: String(error) }, "an audit entry could not be ended")
    }
  }
  try {
    const output = await run()
    await end("ok", resourceOf(output))
    return output
  } catch (error) {
    await end(outcomeOf(error), undefined)
    throw error
  }
}

/** What is deeper or larger than any operation's parameters is none of them. */
const depthLimit = 8
const sizeLimit = 100_000

function parametersOf(given: object): object {
  const parameters = shortened(given, depthLimit) as object
  return JSON.stringify(parameters).length > sizeLimit ? { cut: "too large" } : parameters
}

function shortened(value: unknown, depth: number): unknown {
  if (typeof value === "string") return storable(value)
  if (typeof value !== "object" || value === null) return value
  if (depth === 0) return "…"
  if (Array.isArray(value)) return value.map((one) => shortened(one, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [storable(name), shortened(one, depth - 1)]),
  )
}

/** The state database takes neither NUL nor half a character. */
function storable(text: string): string {
  const short = text.length > textLimit ? `${text.slice(0, textLimit)}…` : text
  return short.toWellFormed().replaceAll("\0", "\u{FFFD}")
}

export interface AuditReport {
  /** Oldest first. */
  entries: AuditEntry[]
  /** There are older ones in the time asked for, which the limit left out. */
  more: boolean
}

/** @throws Fault accessDenied */
export async function auditReport(
  store: AuditStore,
  caller: Caller,
  { since, limit }: { since: Date | undefined; limit: number },
): Promise<AuditReport> {
  requireAdmin(caller, "read the audit trail")
  const found = await store.list({ since, limit: limit + 1 })
  const more = found.length > limit
  return { entries: more ? found.slice(1) : found, more }
}
