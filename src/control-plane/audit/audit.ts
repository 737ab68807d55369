import {
  type AuditEntry,
  type AuditedCall,
  type AuditedChange,
  type AuditedEnd,
  isRefusal,
  type RefusedCall,
} from "../../domain/audit.ts"
import { Fault } from "../../domain/faults.ts"
import { cut } from "../../domain/text-forms/plain-text.ts"
import type { AuditQuestion, AuditStore } from "../../state/audit.ts"
import type { Caller } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"

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
/** Of a refused call: it changed nothing, and whoever makes it may have nothing to say here. */
const refusedTextLimit = 100
const refusedSizeLimit = 1_000

/**
 * Runs a call that changes something, with its entry in the trail: begun before, so that there is no change without
 * one, and ended with how it went. An entry that could not be ended says so by having no outcome. Of a call that was
 * refused little is kept. `run` may tell once what it changes, by the function that it is given.
 */
export async function audited<T>(
  { store, log, outcomeOf = outcomeOfFault }: AuditParts,
  call: AuditedCall,
  run: (tell: (change: AuditedChange) => void) => Promise<T>,
  resourceOf: (output: T) => string | undefined,
): Promise<T> {
  const id = await store.begin({
    ...call,
    resource: call.resource === undefined ? undefined : storable(call.resource),
    // Who only reads is refused nearly everything: little is kept from the start.
    parameters: call.policy === "read-only" ? refusedCall(call).parameters : parametersOf(call.parameters),
  })
  const end = async ({ outcome, resource, change }: AuditedEnd) => {
    try {
      const refused = isRefusal(outcome) ? refusedCall(call) : undefined
      await store.end(id, { outcome, resource, refused, change })
    } catch (error) {
      log.error({ requestId: call.requestId, reason: String(error) }, "an audit entry could not be ended")
    }
  }
  let change: AuditedChange | undefined
  try {
    const output = await run((told) => {
      change = shortenedChange(told)
    })
    await end({ outcome: "ok", resource: resourceOf(output), change })
    return output
  } catch (error) {
    await end({ outcome: outcomeOf(error), resource: undefined })
    throw error
  }
}

/** What is deeper or larger than any operation's parameters is none of them. */
const depthLimit = 8
const sizeLimit = 100_000

function parametersOf(given: object): object {
  const allowance = { left: Number.POSITIVE_INFINITY, textLimit }
  const parameters = shortened(withoutCount(given), depthLimit, allowance) as object
  return JSON.stringify(parameters).length > sizeLimit ? { cut: "too large" } : parameters
}

function shortenedChange({ before, after }: AuditedChange): AuditedChange {
  return { before: before && parametersOf(before), after: after && parametersOf(after) }
}

function refusedCall({ accessKeyId, resource, parameters }: AuditedCall): RefusedCall {
  return {
    accessKeyId,
    resource: resource === undefined ? undefined : storable(resource, refusedTextLimit * 3),
    parameters: shortened(withoutCount(parameters), depthLimit, {
      left: refusedSizeLimit,
      textLimit: refusedTextLimit,
    }) as object,
  }
}

/** The trail's own member, by which it counts refusals; no operation has one of this name. */
function withoutCount(parameters: object): object {
  return Object.fromEntries(Object.entries(parameters).filter(([name]) => name !== "moreRefused"))
}

/** How much more may be kept of a call, in characters, counted as they are met. */
interface Allowance {
  left: number
  textLimit: number
}

function shortened(value: unknown, depth: number, allowance: Allowance): unknown {
  if (typeof value === "string") return kept(value, allowance)
  if (typeof value !== "object" || value === null) return value
  if (depth === 0) return "…"
  const members: [string, unknown][] = []
  for (const [name, one] of Object.entries(value)) {
    if (allowance.left <= 0) break
    allowance.left -= memberCost
    members.push([kept(name, allowance), shortened(one, depth - 1, allowance)])
  }
  return Array.isArray(value) ? members.map(([, one]) => one) : Object.fromEntries(members)
}

/** Each member costs something, so that a million empty ones cost too much. */
const memberCost = 8

function kept(text: string, allowance: Allowance): string {
  const short = storable(text, Math.max(0, Math.min(allowance.textLimit, allowance.left)))
  allowance.left -= short.length
  return short
}

/** The state database takes neither NUL nor half a character. */
function storable(text: string, most = textLimit): string {
  return cut(text, most).toWellFormed().replaceAll("\0", "\u{FFFD}")
}

export interface AuditReport {
  /** Oldest first. */
  entries: AuditEntry[]
  /** There are older ones of those asked for, which the limit left out. */
  more: boolean
}

/** @throws Fault accessDenied */
export async function auditReport(
  store: AuditStore,
  caller: Caller,
  question: AuditQuestion,
): Promise<AuditReport> {
  requireAdmin(caller, "read the audit trail")
  const { limit } = question
  const found = await store.list({ ...question, limit: limit + 1 })
  const more = found.length > limit
  return { entries: more ? found.slice(1) : found, more }
}
