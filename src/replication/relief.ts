import { Problem } from "../domain/problems.ts"
import type { Source } from "./source.ts"

/** What a pipeline does when its source keeps more for it than it may. */
export type Relief =
  /** Nothing: a person is told. */
  | { kind: "hold" }
  /** Lets the source forget; every table is copied anew when the warehouse can take it. */
  | { kind: "letGo" }

export type ReliefState = { kind: "released" } | { kind: "failed"; problem: Problem }

/** The relief of one pipeline. While its warehouse is away it acts at once; while it streams, the stream must end for it. */
export interface ReliefWorker {
  /** The source keeps too much: act. Asked again, it changes nothing. */
  ask(): void
  readonly state: ReliefState | undefined
  /** Nothing is read now, and for as long as the warehouse does not answer. */
  warehouseAway(): void
  /** What was begun meanwhile is brought to its end. */
  warehouseBack(): Promise<void>
  /** Resolves when the stream that begins now is to end, so that relief can act. */
  streaming(): Promise<void>
  /** A copy begins: nothing of what was done counts any more. */
  copying(): void
  stop(): Promise<void>
}

type Now = { kind: "away" } | { kind: "busy" } | { kind: "streaming"; interrupt(): void }

export interface ReliefOptions {
  relief: Relief
  source: Source
  handle: string
}

export function newReliefWorker({ relief, source, handle }: ReliefOptions): ReliefWorker {
  let now: Now = { kind: "busy" }
  let wanted = false
  let state: ReliefState | undefined
  let acting: Promise<void> | undefined

  async function act(): Promise<void> {
    try {
      await source.remove(handle)
      state = { kind: "released" }
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      state = { kind: "failed", problem: error }
    }
  }

  function begin(): void {
    wanted = false
    acting ??= act().finally(() => {
      acting = undefined
    })
  }

  return {
    ask() {
      if (relief.kind === "hold" || state?.kind === "released") return
      // A copy that is under way would only begin again, and cost the source more.
      if (now.kind === "busy") return
      wanted = true
      if (now.kind === "away") begin()
      else now.interrupt()
    },
    get state() {
      return state
    },
    warehouseAway() {
      now = { kind: "away" }
      if (wanted) begin()
    },
    async warehouseBack() {
      await acting
      now = { kind: "busy" }
    },
    streaming() {
      const interrupted = Promise.withResolvers<void>()
      now = { kind: "streaming", interrupt: interrupted.resolve }
      return interrupted.promise
    },
    copying() {
      state = undefined
    },
    async stop() {
      now = { kind: "busy" }
      await acting
    },
  }
}
