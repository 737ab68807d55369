import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** More than this many statements waiting means that answers would come too late to be wanted. */
const waitingAtMost = 5000

/** On whose behalf a call is made. */
export interface EngineUser {
  name: string
  isAdmin: boolean
}

/** A call that waits for its turn. */
export interface Turn {
  /** It is wanted no more: `run` rejects with the reason. Does nothing once the call has begun. */
  withdraw(reason: PgError): void
}

/**
 * Each call into the engine holds one of the process's few native threads while it runs, and replication needs them
 * too: queries take turns for all but a few of them. A call that the engine does not end keeps its place for good. So no
 * user but an administrator holds more than a share, and some places are for administrators alone: whatever users do,
 * somebody can look and act.
 */
export interface EngineSemaphore {
  /** Throws 53000 when too many wait. `onWaiting` is called only if there is no place at once. */
  run<T>(user: EngineUser, call: () => Promise<T>, onWaiting?: (turn: Turn) => void): Promise<T>
}

interface Waiting {
  user: EngineUser
  admit(): void
}

/** Of so many places, what administrators have for themselves and what one other user may hold. */
export function sharesOf(places: number): { reserved: number; perUser: number } {
  const reserved = places < 2 ? 0 : Math.max(1, Math.round(places / 7))
  return { reserved, perUser: Math.max(1, Math.ceil((places - reserved) / 2)) }
}

export function engineSemaphore(places: number): EngineSemaphore {
  const { reserved, perUser } = sharesOf(places)
  const waiting: Waiting[] = []
  /** Places held, by user. */
  const held = new Map<string, number>()
  let all = 0
  let byOthers = 0

  const heldBy = ({ name }: EngineUser) => held.get(name) ?? 0

  function mayEnter(user: EngineUser): boolean {
    if (all >= places) return false
    return user.isAdmin || (byOthers < places - reserved && heldBy(user) < perUser)
  }

  function take(user: EngineUser): void {
    all++
    if (!user.isAdmin) byOthers++
    held.set(user.name, heldBy(user) + 1)
  }

  function leave(user: EngineUser): void {
    all--
    if (!user.isAdmin) byOthers--
    if (heldBy(user) > 1) held.set(user.name, heldBy(user) - 1)
    else held.delete(user.name)
    const at = waiting.findIndex((one) => mayEnter(one.user))
    const [next] = at < 0 ? [] : waiting.splice(at, 1)
    if (next === undefined) return
    take(next.user)
    next.admit()
  }

  function refuseCrowd(user: EngineUser): void {
    const ofUser = waiting.filter((one) => one.user.name === user.name).length
    const isCrowd = waiting.length >= waitingAtMost || (!user.isAdmin && ofUser >= waitingAtMost / 2)
    if (isCrowd) throw new PgError("53000", "too many statements are waiting; try again later")
  }

  async function enter(user: EngineUser, onWaiting: ((turn: Turn) => void) | undefined): Promise<void> {
    if (mayEnter(user)) {
      take(user)
      return
    }
    refuseCrowd(user)
    await new Promise<void>((resolve, reject) => {
      const one: Waiting = { user, admit: resolve }
      waiting.push(one)
      onWaiting?.({
        withdraw: (reason) => {
          const at = waiting.indexOf(one)
          if (at < 0) return
          waiting.splice(at, 1)
          reject(reason)
        },
      })
    })
  }

  return {
    run: async (user, call, onWaiting) => {
      // What the user is may change while the call runs: it leaves as it has entered.
      const asked = { ...user }
      await enter(asked, onWaiting)
      try {
        return await call()
      } finally {
        leave(asked)
      }
    },
  }
}

/** libuv's own default is 4 threads; replication keeps two. */
export function placesForQueries(): number {
  const threads = Number(process.env.UV_THREADPOOL_SIZE ?? 4)
  return Math.max(1, (Number.isFinite(threads) && threads > 0 ? threads : 4) - 2)
}
