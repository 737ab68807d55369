import { Fault } from "../../domain/faults.ts"
import { unreachable } from "../../domain/unreachable.ts"
import type { PipelineKey } from "../../state/pipelines/observations.ts"
import type { Order } from "../../state/pipelines/orders.ts"
import type { Store } from "../../state/store.ts"
import type { Caller } from "../control-plane.ts"
import type { OrderTypes } from "./order-types.ts"

export interface OrderSources {
  store: Pick<Store, "orders" | "signals" | "observations" | "integrations">
}

/** Whose result somebody waits for. */
export type AnsweredKind = Exclude<keyof OrderTypes, "verify">

export interface AskedOrder<K extends keyof OrderTypes> {
  kind: K
  parameters: OrderTypes[K]["parameters"]
  /** Default: what a source that answers slowly may take. */
  lifetimeMs?: number
}

const usualLifetimeMs = 60_000
/** Notifications come by the millisecond; one that is lost costs this. */
const lookEveryMs = 250

/**
 * Asks the owner of a pipeline, and waits for what comes of it.
 *
 * @throws Fault as the owner refuses; unavailable when there is no answer in time
 */
export async function askOwner<K extends AnsweredKind>(
  sources: OrderSources,
  caller: Pick<Caller, "name">,
  pipeline: PipelineKey,
  { kind, parameters, lifetimeMs = usualLifetimeMs }: AskedOrder<K>,
): Promise<OrderTypes[K]["result"]> {
  const { orders } = sources.store
  const { integrationId, sourceDatabase } = pipeline
  const asked = { integrationId, sourceDatabase, kind, parameters, askedBy: caller.name, lifetimeMs }
  const [id = ""] = await orders.ask([asked])
  const order = await followed(sources, id, lifetimeMs, isEnded)
  if (order !== undefined) await orders.remove(id)
  return resultOf(order) as OrderTypes[K]["result"]
}

/**
 * Waits until an order is as wanted or over; undefined: it is gone, with its pipeline.
 */
export async function followed(
  { store: { orders, signals } }: OrderSources,
  id: string,
  lifetimeMs: number,
  isWanted: (order: Order) => boolean,
): Promise<Order | undefined> {
  const overAtMs = performance.now() + lifetimeMs
  for (;;) {
    // Begun before the look: what happens between the two is not missed.
    const changed = signals.changed(id, lookEveryMs)
    const order = await orders.byId(id)
    if (order === undefined || isEnded(order) || isWanted(order)) return order
    await changed
    if (performance.now() > overAtMs) await orders.sweep()
  }
}

export function isEnded({ state }: Order): boolean {
  return state !== "asked" && state !== "taken"
}

/** @throws Fault */
export function resultOf(order: Order | undefined): object {
  if (order === undefined) throw new Fault("integrationInWrongState", "The pipeline has ended meanwhile.")
  switch (order.state) {
    case "done":
      return order.result ?? {}
    case "failed":
      throw refusalOf(order)
    case "asked":
    case "taken":
    case "expired":
      throw new Fault(
        "unavailable",
        order.attempts === 0
          ? "The process that runs the pipeline did not take the order in time; nothing was done. See `millrace status`."
          : "The process that runs the pipeline took the order and did not answer in time; it may still carry it out. See `millrace status`.",
      )
    default:
      return unreachable(order.state)
  }
}

function refusalOf({ kind, id, fault }: Order): Error {
  if (fault === null || fault.kind === "internal")
    return new Error(`order ${id} (${kind}) failed: ${fault?.message ?? "no reason is recorded"}`)
  return new Fault(fault.kind, fault.message)
}
