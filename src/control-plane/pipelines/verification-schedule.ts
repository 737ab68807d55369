import { type PeriodicTask, startPeriodicTask } from "../../concurrency/periodic-task.ts"
import { Fault } from "../../domain/faults.ts"
import type { Order } from "../../state/pipelines/orders.ts"
import type { Held } from "../duties/duty.ts"
import type { ReconcilerLog } from "../log.ts"
import { isEnded, type OrderSources } from "./ask-owner.ts"
import { type AskedIntegration, askIntegration } from "./ask-pipelines.ts"
import { begin } from "./verifier.ts"

export interface VerificationScheduleOptions extends OrderSources {
  log: ReconcilerLog
  /** Nothing is begun while the duty is another process's. */
  held: Held
  /** How often every table is compared. */
  everyMs: number
}

const longestTickMs = 60_000
const askedBy = "schedule"

/** Begins with an integration as soon as one of its tables has not been compared for so long. One at a time. */
export function startVerificationSchedule(options: VerificationScheduleOptions): PeriodicTask {
  const { everyMs, log } = options
  return startPeriodicTask({
    everyMs: Math.min(longestTickMs, Math.max(1_000, everyMs / 10)),
    work: () => look(options),
    onError: (error) => log.error({ err: error }, "a scheduled verification could not begin"),
  })
}

async function look(options: VerificationScheduleOptions): Promise<void> {
  const { store, everyMs } = options
  const latest = new Map<string, Order[]>()
  for (const { id } of await store.integrations.all())
    latest.set(id, await store.orders.latestVerification(id))
  if ([...latest.values()].flat().some((order) => !isEnded(order))) return
  for (const [id, orders] of latest) {
    const asked = await askIntegration(options, id).catch(unlessRefused)
    if (asked === undefined || !isDue(asked, orders, everyMs)) continue
    if (!options.held.isHeld()) return
    await begin(options, asked, askedBy, { table: null, repair: false }).catch(unlessRefused)
    return
  }
}

/** Not streaming now, or gone, or somebody else has begun: its turn comes. */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof Fault)) throw error
}

function isDue({ pipelines }: AskedIntegration, latest: readonly Order[], everyMs: number): boolean {
  const nowMs = Date.now()
  // What lies ahead was said by a clock that has been set back since, and says nothing.
  const isRecent = (atMs: number) => atMs > nowMs - everyMs && atMs <= nowMs
  if (latest.some(({ askedAt }) => isRecent(askedAt.getTime()))) return false
  return pipelines
    .flatMap(({ tables }) => tables)
    .some(({ state, verified }) => state === "Synced" && !isRecent(Date.parse(verified?.at ?? "") || 0))
}
