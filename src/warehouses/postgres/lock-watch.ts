import { startTicks } from "../../concurrency/ticks.ts"
import { Problem } from "../../domain/problems.ts"
import type { Session } from "./client.ts"
import { quoteLiteral } from "./quoting.ts"

/** What is told of somebody's lock that a write waits for; `undefined`: it waits no longer. */
export type Hindered = (problem: Problem | undefined) => void

/** Watches for what a session waits for while it works. */
export interface LockWatch {
  /** Runs `work`; what it waits for meanwhile is told once that has lasted for a while, and taken back when `work` is over. */
  during<T>(work: () => Promise<T>): Promise<T>
  /** Of the work that runs: what it waited for when that was last looked at. */
  seen(): Problem | undefined
}

export interface WatchedSession {
  session: Session
  /** Opens a session beside it. */
  connect(): Promise<Session>
  told: Hindered
}

const lookEveryMs = 1_000
/** A statement of somebody that is over sooner is nothing to tell a person of. */
const patienceMs = 3_000

/** Costs a timer for each work; questions are asked only while one lasts for longer than a second. */
export function newLockWatch({ session, connect, told }: WatchedSession): LockWatch {
  let look: Look | undefined
  /** Work within work is the same work. */
  let depth = 0
  return {
    seen: () => look?.seen(),
    async during(work) {
      look ??= startLooking({ session, connect, told })
      depth++
      try {
        return await work()
      } finally {
        if (--depth === 0) {
          look.stop()
          look = undefined
        }
      }
    },
  }
}

interface Look {
  seen(): Problem | undefined
  stop(): void
}

function startLooking({ session, connect, told }: WatchedSession): Look {
  const begunMs = performance.now()
  let beside: Promise<Session> | undefined
  let seen: Problem | undefined
  let isAsking = false
  let isOver = false
  let isTold = false

  async function ask(): Promise<void> {
    if (isAsking) return
    isAsking = true
    beside ??= connect()
    try {
      seen = (await blockerOf(await beside, session.processId)) ?? seen
    } catch {
      // The server, or the way to it, is gone: the work itself ends by that.
      beside = undefined
    }
    isAsking = false
    if (isOver || seen === undefined || performance.now() - begunMs < patienceMs) return
    isTold = true
    told(seen)
  }

  const ticks = startTicks({ everyMs: lookEveryMs, tick: () => void ask() })
  return {
    seen: () => seen,
    stop() {
      isOver = true
      ticks.stop()
      beside?.then((one) => one.destroy()).catch(() => undefined)
      if (isTold) told(undefined)
    },
  }
}

/** One `told` for several watches: what one of them takes back does not hide what another waits for. */
export function toldTogether(told: Hindered): () => Hindered {
  const waiting = new Map<object, Problem>()
  return () => {
    const key = {}
    return (problem) => {
      if (problem === undefined) waiting.delete(key)
      else waiting.set(key, problem)
      told(waiting.values().next().value)
    }
  }
}

/**
 * Of those that a session waits for, the one whose transaction is the oldest. The views are read one after another: a wait that ends
 * meanwhile is none.
 */
async function blockerOf(beside: Session, processId: number): Promise<Problem | undefined> {
  const [found] = await beside.rows(
    `SELECT b.pid, a.usename, a.application_name, to_char(a.xact_start AT TIME ZONE 'UTC', 'HH24:MI:SS'),
       CASE WHEN l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) THEN l.relation::regclass END
     FROM pg_locks AS l, unnest(pg_blocking_pids(${processId})) AS b (pid) LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid
     WHERE l.pid = ${processId} AND NOT l.granted
     ORDER BY a.xact_start NULLS LAST LIMIT 1`,
  )
  if (found === undefined) return undefined
  const [pid, user, application, since, relation] = found
  const what = relation === null || relation === undefined ? "a row" : `table ${relation}`
  if (pid === "0") return locked(what, "a prepared transaction (see pg_prepared_xacts)")
  const details = [user && `user ${user}`, application, since && `in a transaction since ${since} UTC`]
  const list = details.filter((one) => one).join(", ")
  const end = `SELECT pg_terminate_backend(${quoteLiteral(pid ?? "")}) ends it`
  return locked(what, `session ${pid}${list === "" ? "" : ` (${list}; ${end})`}`)
}

function locked(what: string, who: string): Problem {
  return new Problem("warehouseLocked", `The warehouse waits for a lock on ${what}, which is held by ${who}.`)
}
