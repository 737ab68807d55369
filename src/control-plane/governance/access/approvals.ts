import { Fault } from "../../../domain/faults.ts"
import { isFor } from "../../../governance/compile/circumstances.ts"
import { allPolicies } from "../../../state/governance/policies.ts"
import { sourceById } from "../../../state/governance/sources.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import {
  activeStates,
  approvalsOf,
  patchSubscription,
  type RequiredApproval,
  recordApproval,
  type SubscribedModel,
  type SubscriptionRecord,
  subscriptionById,
  subscriptionOf,
} from "../../../state/governance/subscriptions.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound } from "../changes.ts"
import { readPolicy } from "../enforcement/read-policy.ts"
import { personOfKey } from "../people/people.ts"

/** An owner of the source or project, or who governs all. (Fact: the word.) */
export const ownerApproval = "OWNER"

/**
 * What a request needs: what the policies that are for the source say, or one approval by an owner or a governor. What the request
 * itself asks for is needed on top.
 */
export function requiredApprovals(
  ruled: readonly string[],
  asked: readonly RequiredApproval[],
): RequiredApproval[] {
  const own = ruled.length === 0 ? [ownerApproval] : [...new Set(ruled)]
  const rest = asked.filter(({ permission, approver }) => approver !== undefined || !own.includes(permission))
  return [...own.map((permission) => ({ permission })), ...rest]
}

/** Permissions that each must approve, by all subscription policies that are for the source. */
export async function ruledApprovals(db: Db, model: SubscribedModel): Promise<string[]> {
  if (model.kind === "project") return []
  const source = await sourceById(db, model.id)
  const policies = (await allPolicies(db)).map(readPolicy)
  return policies.flatMap((policy) =>
    policy.kind === "subscription" &&
    !policy.isStaged &&
    policy.rule.kind === "approval" &&
    source !== undefined &&
    isFor(policy.circumstances, source)
      ? policy.rule.permissions
      : [],
  )
}

export type Decision = { kind: "approve"; expiresAt: Date | undefined } | { kind: "deny"; reason: string }

/** What became of a request: `approvalsLeft` must still be given by others. */
export interface Decided {
  subscription: SubscriptionRecord
  approvalsLeft: number
}

/** @throws Fault resourceNotFound, conflictingOperation: it is not pending, accessDenied: this is not the caller's to decide */
export function decide(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { id, decision }: { id: number; decision: Decision },
): Promise<Changed<Decided>> {
  return store.change(async (change) => {
    const before = await subscriptionById(change.db, id)
    if (before === undefined) throw notFound("request", id)
    if (before.state !== "pending") {
      throw new Fault("conflictingOperation", `The request ${id} is ${before.state}, not pending.`)
    }
    const mine = await givenBy(change.db, caller, before)
    const output =
      decision.kind === "deny"
        ? await denied(change, before, decision.reason)
        : await approved(change, caller, { before, mine, expiresAt: decision.expiresAt })
    return { output, resource: `request ${id}`, before, after: output.subscription }
  })
}

async function denied(change: Change, { id }: SubscriptionRecord, reason: string): Promise<Decided> {
  const changed = await patchSubscription(change, id, { state: "denied", denialReason: reason })
  if (changed === undefined) throw notFound("request", id)
  return { subscription: changed, approvalsLeft: 0 }
}

async function approved(
  change: Change,
  caller: GovernanceCaller,
  given: { before: SubscriptionRecord; mine: readonly number[]; expiresAt: Date | undefined },
): Promise<Decided> {
  const { before, mine, expiresAt } = given
  for (const at of mine) await recordApproval(change, before.id, at, caller.name)
  const done = await approvalsOf(change.db, before.id)
  const left = before.required.filter((_, at) => !done.has(at)).length
  const patch = {
    ...(left === 0 && { state: "subscribed" as const }),
    ...(expiresAt !== undefined && { expiresAt: earlier(before.expiresAt, expiresAt) }),
  }
  const subscription = await patchSubscription(change, before.id, patch)
  return { subscription: subscription ?? before, approvalsLeft: left }
}

/** Of several approvers, the one who grants the shortest time decides. */
function earlier(a: Date | undefined, b: Date): Date {
  return a !== undefined && a < b ? a : b
}

/** Which of the required approvals are the caller's to give. @throws Fault accessDenied: none */
async function givenBy(db: Db, caller: GovernanceCaller, request: SubscriptionRecord): Promise<number[]> {
  const person = await personOfKey(db, caller.name)
  const isOwn = request.subscriber.kind === "person" && request.subscriber.id === person?.id
  const permissions = new Set([
    ...caller.permissions,
    ...((await isOwner(db, person?.id, request.model)) || caller.permissions.includes("GOVERNANCE")
      ? [ownerApproval]
      : []),
  ])
  const mine = request.required.flatMap(({ permission, approver }, at) =>
    permissions.has(permission) && (approver === undefined || approver === person?.id) ? [at] : [],
  )
  if (mine.length > 0 && !isOwn) return mine
  throw new Fault(
    "accessDenied",
    isOwn ? "Nobody decides on a request of their own." : `The request ${request.id} is not yours to decide.`,
  )
}

/** An owner by oneself; owners by a group are too many to be asked. */
export async function isOwner(
  db: Db,
  personId: number | undefined,
  model: SubscribedModel,
): Promise<boolean> {
  if (personId === undefined) return false
  const own = await subscriptionOf(db, model, { kind: "person", id: personId })
  return own?.state === "owner" && (own.expiresAt === undefined || own.expiresAt.getTime() > Date.now())
}

/** @throws Fault accessDenied unless the caller governs all, or owns this */
export async function requireOwner(db: Db, caller: GovernanceCaller, model: SubscribedModel): Promise<void> {
  if (caller.permissions.includes("GOVERNANCE")) return
  const person = await personOfKey(db, caller.name)
  if (person?.isDisabled === false && (await isOwner(db, person.id, model))) return
  throw new Fault("accessDenied", `This takes an owner of the ${model.kind}, or the permission GOVERNANCE.`)
}

/**
 * Owners give access themselves where no policy asks for approvals; who governs, or has every permission that the policies name, always.
 *
 * @throws Fault accessDenied
 */
export async function refusePastApprovals(
  db: Db,
  caller: GovernanceCaller,
  model: SubscribedModel,
): Promise<void> {
  if (caller.permissions.includes("GOVERNANCE")) return
  const missing = (await ruledApprovals(db, model)).filter((one) => !caller.permissions.includes(one))
  if (missing.length === 0) return
  throw new Fault(
    "accessDenied",
    `The policies of this source ask for approval by ${[...new Set(missing)].join(", ")}: request access instead.`,
  )
}

export function isActive({ state }: SubscriptionRecord): boolean {
  return activeStates.includes(state)
}
