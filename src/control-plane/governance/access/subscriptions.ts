import { Fault } from "../../../domain/faults.ts"
import { groupById } from "../../../state/governance/groups.ts"
import { personById } from "../../../state/governance/people.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import {
  activeStates,
  patchSubscription,
  putSubscription,
  type RequiredApproval,
  removeSubscription,
  type SubscribedModel,
  type Subscriber,
  type SubscriptionRecord,
  type SubscriptionSearch,
  type SubscriptionState,
  searchSubscriptions,
  subscriptionById,
  subscriptionOf,
} from "../../../state/governance/subscriptions.ts"
import type { Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound, type PageInput } from "../changes.ts"
import { foundSource } from "../data/sources.ts"
import { foundGroup } from "../people/groups.ts"
import { actingPerson } from "../people/people.ts"
import {
  isActive,
  refusePastApprovals,
  requiredApprovals,
  requireOwner,
  ruledApprovals,
} from "./approvals.ts"
import { foundProject } from "./projects.ts"

/** A subscription with the names that people know. */
export interface NamedSubscription {
  subscription: SubscriptionRecord
  modelName: string
  subscriberName: string
  iamId: string
}

/** Asks for rows of sources, for the caller or for a group. What is subscribed already stays. @throws Fault accessDenied, resourceNotFound */
export function requestAccess(
  store: GovernanceStore,
  caller: GovernanceCaller,
  input: {
    models: readonly SubscribedModel[]
    groupId?: number
    approvals: readonly RequiredApproval[]
    metadata?: object
  },
): Promise<Changed<SubscriptionRecord[]>> {
  return store.change(async (change) => {
    const subscriber = await subscriberOf(change.db, caller, input.groupId)
    const output: SubscriptionRecord[] = []
    for (const model of input.models) {
      await nameOf(change.db, model)
      const before = await subscriptionOf(change.db, model, subscriber)
      const required = requiredApprovals(await ruledApprovals(change.db, model), input.approvals)
      const { metadata } = input
      output.push(
        before !== undefined && (isActive(before) || before.state === "pending")
          ? before
          : await putSubscription(change, {
              model,
              subscriber,
              state: "pending",
              required,
              metadata,
              createdBy: caller.name,
            }),
      )
    }
    const resource = input.models.map(({ kind, id }) => `${kind} ${id}`).join(" ")
    return { output, resource, before: undefined, after: { subscriptions: output } }
  })
}

async function subscriberOf(
  db: Db,
  caller: GovernanceCaller,
  groupId: number | undefined,
): Promise<Subscriber> {
  if (groupId === undefined) return { kind: "person", id: (await actingPerson(db, caller.name)).id }
  return { kind: "group", id: (await foundGroup(db, groupId)).id }
}

/** Gives somebody a source or a project without a request. @throws Fault accessDenied, resourceNotFound */
export function grantAccess(
  store: GovernanceStore,
  caller: GovernanceCaller,
  input: {
    model: SubscribedModel
    subscriber: Subscriber
    state: SubscriptionState
    expiresAt: Date | undefined
  },
): Promise<Changed<SubscriptionRecord>> {
  return store.change(async (change) => {
    const name = await nameOf(change.db, input.model)
    await requireOwner(change.db, caller, input.model)
    await refusePastApprovals(change.db, caller, input.model)
    await subscriberName(change.db, input.subscriber)
    const before = await subscriptionOf(change.db, input.model, input.subscriber)
    const output = await putSubscription(change, { ...input, required: [], createdBy: caller.name })
    return { output, resource: `${input.model.kind} ${name}`, before, after: output }
  })
}

/** @throws Fault accessDenied, resourceNotFound */
export function changeAccess(
  store: GovernanceStore,
  caller: GovernanceCaller,
  input: {
    model: SubscribedModel
    id: number
    patch: { state?: SubscriptionState; expiresAt?: Date | undefined }
  },
): Promise<Changed<SubscriptionRecord>> {
  return store.change(async (change) => {
    const { model, id, patch } = input
    await requireOwner(change.db, caller, model)
    const before = await foundSubscription(change.db, model, id)
    if (givesMore(patch)) await refusePastApprovals(change.db, caller, model)
    const output = (await patchSubscription(change, id, patch)) ?? before
    return { output, resource: `subscription ${id}`, before, after: output }
  })
}

/** Taking access away needs nobody's approval. */
function givesMore({ state, ...rest }: { state?: SubscriptionState; expiresAt?: Date | undefined }): boolean {
  return (state !== undefined && activeStates.includes(state)) || "expiresAt" in rest
}

/** The caller's own. @throws Fault accessDenied, resourceNotFound */
export function unsubscribe(
  store: GovernanceStore,
  caller: GovernanceCaller,
  model: SubscribedModel,
): Promise<Changed<SubscriptionRecord>> {
  return store.change(async (change) => {
    const person = await actingPerson(change.db, caller.name)
    const own = await subscriptionOf(change.db, model, { kind: "person", id: person.id })
    if (own === undefined) throw notFound("subscription of yours to", `${model.kind} ${model.id}`)
    await removeSubscription(change, own)
    return { output: own, resource: `${model.kind} ${model.id}`, before: own, after: undefined }
  })
}

export function listSubscriptions(
  store: GovernanceStore,
  search: SubscriptionSearch,
  page: PageInput,
): Promise<{ subscriptions: NamedSubscription[]; count: number }> {
  return store.read(async (db) => {
    if (search.model !== undefined) await nameOf(db, search.model)
    const { subscriptions, count } = await searchSubscriptions(db, search, page)
    const named: NamedSubscription[] = []
    for (const subscription of subscriptions) {
      const { name, iamId } = await subscriberName(db, subscription.subscriber)
      named.push({
        subscription,
        modelName: await nameOf(db, subscription.model),
        subscriberName: name,
        iamId,
      })
    }
    return { subscriptions: named, count }
  })
}

async function foundSubscription(db: Db, model: SubscribedModel, id: number): Promise<SubscriptionRecord> {
  const found = await subscriptionById(db, id)
  if (found?.model.kind === model.kind && found.model.id === model.id) return found
  throw notFound(`subscription to the ${model.kind} with the id`, id)
}

async function nameOf(db: Db, { kind, id }: SubscribedModel): Promise<string> {
  return kind === "source" ? (await foundSource(db, id)).name : (await foundProject(db, id)).name
}

/** @throws Fault resourceNotFound */
async function subscriberName(db: Db, { kind, id }: Subscriber): Promise<{ name: string; iamId: string }> {
  if (kind === "person") {
    const person = await personById(db, id)
    if (person === undefined) throw notFound("user", id)
    return { name: person.userId, iamId: person.iamId }
  }
  const group = await groupById(db, id)
  if (group === undefined) throw notFound("group", id)
  return { name: group.name, iamId: group.iamId }
}

/** One of a person and a group. @throws Fault validation */
export function subscriberFrom(input: {
  profileId?: number | undefined
  groupId?: number | undefined
}): Subscriber {
  const { profileId, groupId } = input
  if (profileId !== undefined && groupId === undefined) return { kind: "person", id: profileId }
  if (groupId !== undefined && profileId === undefined) return { kind: "group", id: groupId }
  throw new Fault("validation", "Give either profileId or groupId.")
}
