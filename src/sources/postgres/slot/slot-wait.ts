import type pg from "pg"
import { atMost } from "../../../concurrency/deadline.ts"
import { Problem } from "../../../domain/problems.ts"
import { type Address, withClient } from "../client.ts"
import type { NewSlot } from "./slot.ts"

export interface SlotWait {
  address: Address
  /** The connection on which the slot is being made. */
  holder: pg.Client
  slot: Promise<NewSlot>
  limitMs: number
  /** Told now and then what it waits for. */
  onWaiting?: ((problem: Problem) => void) | undefined
}

const lookEveryMs = 2_000

/**
 * A slot is ready when every transaction that was open when it was begun has ended.
 * Throws Problem `sourceBusy`, which names them, when that takes longer than the limit.
 */
export async function waitForSlot(wait: SlotWait): Promise<NewSlot> {
  const deadlineMs = performance.now() + wait.limitMs
  // Given up, it fails when its connection is ended.
  wait.slot.catch(() => undefined)
  for (;;) {
    const leftMs = deadlineMs - performance.now()
    const slot = await atMost(Math.min(lookEveryMs, leftMs), wait.slot, () => undefined)
    if (slot !== undefined) return slot
    const problem = await hindrance(wait)
    wait.onWaiting?.(problem)
    if (performance.now() >= deadlineMs) throw problem
  }
}

export interface Blocker {
  /** `null` or 0: a prepared transaction has no process. */
  pid: number | null
  application: string | null
  role: string | null
  seconds: number | null
}

// One that has been prepared has no process, and counts as 0. What other roles do is shown to a monitoring role only.
const blockersQuery = `
select b.pid, a.application_name as application, a.usename::text as role,
  extract(epoch from clock_timestamp() - coalesce(a.xact_start, (select min(prepared) from pg_prepared_xacts)))::int as seconds
from unnest(pg_blocking_pids($1)) b(pid) left join pg_stat_activity a on a.pid = b.pid`

async function hindrance({ address, holder }: SlotWait): Promise<Problem> {
  const { processID } = holder as unknown as { processID: number }
  const blockers = await withClient(address, "looking at what the slot waits for", async (client) =>
    (await client.query<Blocker>(blockersQuery, [processID])).rows.map(describeBlocker),
  )
  const what = blockers.length === 0 ? "" : ` It waits for ${blockers.join(", ")}.`
  return new Problem("sourceBusy", `The source cannot make a snapshot yet.${what}`)
}

/** For people: which transaction, whose, open for how long. */
export function describeBlocker({ pid, application, role, seconds }: Blocker): string {
  const open = seconds === null ? "" : `, open for ${seconds} s`
  if (pid === 0 || pid === null) return `a prepared transaction${open} (pg_prepared_xacts)`
  const whose = [application || undefined, role === null ? undefined : `role ${role}`].filter((one) => one)
  return `the transaction of process ${pid}${whose.length > 0 ? ` (${whose.join(", ")})` : ""}${open}`
}
