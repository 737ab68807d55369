import { randomUUID } from "node:crypto"
import { Fault } from "../../domain/faults.ts"
import type { Order } from "../../state/pipelines/orders.ts"
import type { Caller } from "../control-plane.ts"
import { findIntegration } from "../integrations/find-integration.ts"
import { requireAdmin, requireReader } from "../sql-users/roles.ts"
import { followed, isEnded, type OrderSources, resultOf } from "./ask-owner.ts"
import { type AskedIntegration, askIntegration, requireTables } from "./ask-pipelines.ts"
import type { OrderTypes } from "./order-types.ts"
import type { VerificationReport } from "./verification-report.ts"

export interface VerifyOrder {
  /** Id, ARN or name. */
  integration: string
  /** `schema.table`; `undefined`: every table. */
  table: string | undefined
  /** Mend what differs. */
  repair: boolean
}

/** Until the owners have taken it; from then on they say that it goes on. */
const takenLimitMs = 30_000

/**
 * Has tables compared with their source; answers as soon as that has begun. `verificationReport` tells how it goes.
 *
 * @throws Fault accessDenied, integrationNotFound, integrationInWrongState, invalidValue (no such table),
 * conflictingOperation (one runs), unavailable
 */
export async function verifyIntegration(
  sources: OrderSources,
  caller: Caller,
  { integration, table, repair }: VerifyOrder,
): Promise<VerificationReport> {
  requireAdmin(caller, "verify tables")
  const asked = await askIntegration(sources, integration)
  requireTables(asked, table)
  return await begin(sources, asked, caller.name, { table: table ?? null, repair })
}

/** @throws Fault conflictingOperation (one runs), integrationInWrongState, unavailable */
export async function begin(
  sources: OrderSources,
  { integration, pipelines }: AskedIntegration,
  askedBy: string,
  what: Omit<OrderTypes["verify"]["parameters"], "run">,
): Promise<VerificationReport> {
  const parameters = { ...what, run: randomUUID() }
  const orders = pipelines.map(({ integrationId, sourceDatabase }) => {
    return {
      integrationId,
      sourceDatabase,
      kind: "verify",
      parameters,
      askedBy,
      lifetimeMs: takenLimitMs,
    } as const
  })
  const ids = await namingConflict(integration.name, () => sources.store.orders.ask(orders))
  const begun = await Promise.all(ids.map((id) => followed(sources, id, takenLimitMs, hasBegun)))
  for (const order of begun) if (order === undefined || !hasBegun(order)) resultOf(order)
  return reportOf(begun.flatMap((order) => order ?? []))
}

/** Its owner knows what there is to compare. */
function hasBegun({ result }: Order): boolean {
  return result !== null
}

async function namingConflict<T>(name: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Fault) || error.kind !== "conflictingOperation") throw error
    throw new Fault(
      "conflictingOperation",
      `The integration ${name} is being verified already; wait until that is done.`,
    )
  }
}

/** The integration's verification that runs, or ran last; state `never`: there was none. @throws Fault accessDenied, integrationNotFound */
export async function verificationReport(
  { store }: OrderSources,
  caller: Caller,
  identifier: string,
): Promise<VerificationReport> {
  requireReader(caller, "see how a verification goes")
  const { id } = await findIntegration(store.integrations, identifier)
  let orders = await store.orders.latestVerification(id)
  if (orders.some((order) => !isEnded(order))) {
    // The process that compares may have ended: `sweep` marks orders whose time is over as expired.
    await store.orders.sweep()
    orders = await store.orders.latestVerification(id)
  }
  return orders.length === 0 ? neverVerified : reportOf(orders)
}

const neverVerified: VerificationReport = {
  state: "never",
  startedAt: null,
  finishedAt: null,
  error: null,
  total: 0,
  tables: [],
}

const gone = "The process that compared has ended, and no other has gone on with it."

/** Of the orders of one run. */
function reportOf(orders: readonly Order[]): VerificationReport {
  const results = orders.flatMap(({ result }) =>
    result === null ? [] : [result as OrderTypes["verify"]["result"]],
  )
  const errors = orders.flatMap(({ state, fault }) =>
    state === "failed" ? [fault?.message ?? ""] : state === "expired" ? [gone] : [],
  )
  const [error] = errors
  const isRunning = orders.some((order) => !isEnded(order))
  const ended = orders.flatMap(({ endedAt }) => (endedAt === null ? [] : [endedAt.getTime()]))
  return {
    state: isRunning ? "running" : error === undefined ? "finished" : "failed",
    startedAt: new Date(Math.min(...orders.map(({ askedAt }) => askedAt.getTime()))).toISOString(),
    finishedAt: isRunning ? null : new Date(Math.max(...ended)).toISOString(),
    error: isRunning ? null : (error ?? null),
    total: results.reduce((sum, { total }) => sum + total, 0),
    tables: results.flatMap(({ tables }) => tables),
  }
}
