import { z } from "zod"
import { type Decision, decide, ownerApproval } from "../../../control-plane/governance/access/approvals.ts"
import {
  changeAccess,
  grantAccess,
  listSubscriptions,
  type NamedSubscription,
  requestAccess,
  subscriberFrom,
  unsubscribe,
} from "../../../control-plane/governance/access/subscriptions.ts"
import type { Changed, GovernanceCaller } from "../../../control-plane/governance/changes.ts"
import { Fault } from "../../../domain/faults.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import {
  activeStates,
  type RequiredApproval,
  type SubscribedModel,
  type SubscriptionRecord,
  type SubscriptionState,
} from "../../../state/governance/subscriptions.ts"
import type { Route, RouteCall } from "../route.ts"
import { bodyAs, changes, idOf, listOf, pageOf, type RouteHead, reads, textOf } from "./wire.ts"

const time = z.iso.datetime({ offset: true }).transform((text) => new Date(text))
const approval = z.object({
  requiredPermission: z.string().optional(),
  specificApprover: z.number().int().optional(),
})
const state = z.enum(["subscribed", "expert", "owner", "ingest"])
const asked = z.object({
  dataSourceIds: z.array(z.number().int()).min(1),
  metadata: z.looseObject({}).optional(),
  approvals: z.array(approval).optional(),
  groupId: z.number().int().optional(),
})
const granted = z.object({
  state,
  profileId: z.number().int().optional(),
  groupId: z.number().int().optional(),
  expiration: time.optional(),
})
const member = granted.extend({ state: z.enum(["owner", "subscribed", "expert"]).optional() })
const patch = z.object({
  state: z.enum([...state.options, "denied"]).optional(),
  expiration: time.nullish(),
})
const approvals = z.object({
  requests: z.array(z.object({ id: z.number().int(), expiration: time.optional() })).max(1_000),
})
const denials = z.object({
  requests: z.array(z.object({ id: z.number().int(), denialReasoning: z.string().min(1) })).max(1_000),
})
const manyIds = z.object({ requestIds: z.array(z.number().int()).max(1_000) })
const manyDenied = manyIds.extend({ denialReasoning: z.string().min(1) })

/** Who may is decided by the service: owners, governors, and persons each for themselves. */
function head(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path, permissions: [] }
}

/** Requests, approvals and subscriptions. (Fact: paths and members.) */
export function subscriptionRoutes(store: GovernanceStore): Route[] {
  return [...askingRoutes(store), ...accessRoutes(store), ...decisionRoutes(store), pendingRoute(store)]
}

function sourceOf(call: RouteCall): SubscribedModel {
  return { kind: "source", id: idOf(call, "dataSourceId") }
}

function projectOf(call: RouteCall): SubscribedModel {
  return { kind: "project", id: idOf(call, "projectId") }
}

function askingRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      head("RequestAccess", "POST", "/dataSource/subscribe"),
      (call) => {
        const { dataSourceIds, metadata, groupId, approvals: wanted = [] } = bodyAs(call, asked)
        return requestAccess(store, call.key, {
          models: dataSourceIds.map((id) => ({ kind: "source" as const, id })),
          approvals: wanted.map(requiredOf),
          ...(metadata !== undefined && { metadata }),
          ...(groupId !== undefined && { groupId }),
        })
      },
      (requests) => requests.map(shownSubscription),
    ),
    changes(
      head("Unsubscribe", "DELETE", "/dataSource/{dataSourceId}/unsubscribe"),
      (call) => unsubscribe(store, call.key, sourceOf(call)),
      shownSubscription,
    ),
  ]
}

function requiredOf({ requiredPermission, specificApprover }: z.infer<typeof approval>): RequiredApproval {
  return {
    permission: requiredPermission ?? ownerApproval,
    ...(specificApprover !== undefined && { approver: specificApprover }),
  }
}

function accessRoutes(store: GovernanceStore): Route[] {
  const list = (
    operation: string,
    path: string,
    modelOf: (call: RouteCall) => SubscribedModel,
    members: string,
  ) =>
    reads(head(operation, "GET", path), async (call) => {
      const { subscriptions, count } = await listSubscriptions(
        store,
        { model: modelOf(call), states: statesOf(call), ...textOf(call.query, "searchText", "text") },
        pageOf(call, { usual: 25, most: 1_000 }),
      )
      return { count, [members]: subscriptions.map(shownMember) }
    })
  return [
    list("ListAccess", "/dataSource/{dataSourceId}/access", sourceOf, "users"),
    list("ListMembers", "/project/{projectId}/members", projectOf, "members"),
    ...grantRoutes(store),
  ]
}

function grantRoutes(store: GovernanceStore): Route[] {
  return [
    changes(
      head("GrantAccess", "POST", "/dataSource/{dataSourceId}/access"),
      (call) => {
        const { state: wanted, expiration, ...who } = bodyAs(call, granted)
        const subscriber = subscriberFrom(who)
        return grantAccess(store, call.key, {
          model: sourceOf(call),
          subscriber,
          state: wanted,
          expiresAt: expiration,
        })
      },
      shownSubscription,
    ),
    changes(
      head("AddMember", "POST", "/project/{projectId}/members"),
      (call) => {
        const { state: wanted = "subscribed", expiration, ...who } = bodyAs(call, member)
        const subscriber = subscriberFrom(who)
        return grantAccess(store, call.key, {
          model: projectOf(call),
          subscriber,
          state: wanted,
          expiresAt: expiration,
        })
      },
      ({ id, state: now }) => ({ subscriptionId: id, state: now, approved: true }),
    ),
    changes(
      head("ChangeAccess", "PUT", "/dataSource/{dataSourceId}/access/{id}"),
      (call) => {
        const { state: wanted, expiration } = bodyAs(call, patch)
        return changeAccess(store, call.key, {
          model: sourceOf(call),
          id: idOf(call, "id"),
          patch: {
            ...(wanted !== undefined && { state: wanted }),
            ...(expiration !== undefined && { expiresAt: expiration ?? undefined }),
          },
        })
      },
      shownSubscription,
    ),
  ]
}

/** @throws Fault validation */
function statesOf({ query }: RouteCall): SubscriptionState[] {
  const given = listOf(query, "states")
  if (given === undefined) return [...activeStates]
  return given.map((text) => {
    const found = activeStates.find((one) => one === text)
    if (found === undefined) throw new Fault("validation", `states are ${activeStates.join(", ")}.`)
    return found
  })
}

/** (Fact: what fails is told beside what succeeds.) */
interface Decisions {
  failures: { id: number; errorMessage: string }[]
}

function decisionRoutes(store: GovernanceStore): Route[] {
  const route = (
    operation: string,
    path: string,
    read: (call: RouteCall) => { id: number; decision: Decision }[],
  ) =>
    changes(
      head(operation, "POST", path),
      (call) => decideAll(store, call.key, read(call)),
      ({ failures }: Decisions) => ({ failures }),
    )
  const approve = (expiresAt?: Date): Decision => ({ kind: "approve", expiresAt })
  const deny = (reason: string): Decision => ({ kind: "deny", reason })
  return [
    route("Approve", "/subscription/approve", (call) =>
      bodyAs(call, approvals).requests.map(({ id, expiration }) => ({ id, decision: approve(expiration) })),
    ),
    route("Deny", "/subscription/deny", (call) =>
      bodyAs(call, denials).requests.map(({ id, denialReasoning }) => ({
        id,
        decision: deny(denialReasoning),
      })),
    ),
    route("Approve", "/subscription/approve/bulk", (call) =>
      bodyAs(call, manyIds).requestIds.map((id) => ({ id, decision: approve() })),
    ),
    route("Deny", "/subscription/deny/bulk", (call) => {
      const { requestIds, denialReasoning } = bodyAs(call, manyDenied)
      return requestIds.map((id) => ({ id, decision: deny(denialReasoning) }))
    }),
  ]
}

async function decideAll(
  store: GovernanceStore,
  caller: GovernanceCaller,
  decisions: readonly { id: number; decision: Decision }[],
): Promise<Changed<Decisions>> {
  const failures: Decisions["failures"] = []
  const before: object[] = []
  const after: object[] = []
  for (const one of decisions) {
    try {
      const decided = await decide(store, caller, one)
      before.push(decided.before ?? {})
      after.push(decided.after ?? {})
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      failures.push({ id: one.id, errorMessage: error.message })
    }
  }
  const resource = decisions.map(({ id }) => `request ${id}`).join(" ")
  return { output: { failures }, resource, before: { requests: before }, after: { requests: after } }
}

function pendingRoute(store: GovernanceStore): Route {
  const path = "/subscription/getPendingRequestsForUser"
  return reads(
    { operation: "ListRequests", method: "GET", path, permissions: ["GOVERNANCE", "CREATE_DATA_SOURCE"] },
    async (call) => {
      const { subscriptions, count } = await listSubscriptions(
        store,
        { states: ["pending"], ...textOf(call.query, "name", "text") },
        pageOf(call, { usual: 15, most: 1_000 }),
      )
      return { hits: subscriptions.map(shownRequest), count }
    },
  )
}

/** (Fact: its members.) */
function shownRequest({ subscription, modelName, subscriberName, iamId }: NamedSubscription): object {
  const { id, model, subscriber, required, createdAt, metadata } = subscription
  return {
    id,
    entity: { id: subscriber.id, type: entityType(subscription), name: subscriberName, iamid: iamId },
    model: { id: model.id, type: model.kind === "source" ? "datasource" : "project", name: modelName },
    approvals: required.map(({ permission, approver }) => ({
      requiredPermission: permission,
      specificApproverRequired: approver !== undefined,
      ...(approver !== undefined && { specificApprover: approver }),
    })),
    metadata: metadata ?? {},
    count: 1,
    createdAt,
  }
}

function entityType({ subscriber }: SubscriptionRecord): string {
  return subscriber.kind === "person" ? "profile" : "group"
}

/** (Fact: its members.) */
function shownMember({ subscription, subscriberName, iamId }: NamedSubscription): object {
  const { id, subscriber, state: now, expiresAt, createdAt, updatedAt } = subscription
  return {
    subscriptionId: id,
    state: now,
    expiration: expiresAt ?? null,
    ...(subscriber.kind === "person" ? { profile: subscriber.id } : { group: subscriber.id }),
    type: subscriber.kind === "person" ? "user" : "group",
    approved: true,
    iamid: iamId,
    ...(subscriber.kind === "person" && { userid: subscriberName }),
    name: subscriberName,
    createdAt,
    updatedAt,
  }
}

function shownSubscription(subscription: SubscriptionRecord): object {
  const { id, model, subscriber, state: now, expiresAt, denialReason, createdAt } = subscription
  return {
    id,
    modelId: model.id,
    modelType: model.kind === "source" ? "datasource" : "project",
    ...(subscriber.kind === "person" ? { profile: subscriber.id } : { group: subscriber.id }),
    state: now,
    approved: activeStates.includes(now),
    expiration: expiresAt ?? null,
    ...(denialReason !== undefined && { denialReasoning: denialReason }),
    createdAt,
  }
}
