import { Problem } from "../../domain/problems.ts"
import type { Recording, Source, TableSelection } from "../contracts/source.ts"
import type { WriteObserver } from "../write-order.ts"
import type { Spool } from "./spool.ts"

/** What a pipeline does when its source retains more than the budget. */
export type RetentionActions =
  /** Nothing: a person is told. */
  | "hold"
  /** Reads the source into the spool, so that the source may discard its log. */
  | "spool"
  /** Drops the slot, so that the source may discard its log; every table is resynced when the warehouse is back. */
  | "letGo"

export type RetentionActionState =
  | { kind: "spooling"; bytes: number; limitBytes: number; isFull: boolean }
  | { kind: "released" }
  | { kind: "failed"; problem: Problem }

/**
 * The retention action of one pipeline. While the warehouse is away it acts at once; while the pipeline streams, the stream
 * must end first, because a slot has one reader.
 */
export interface RetentionActionWorker {
  /** The source retains more than the budget: begin the action. Repeated calls change nothing. */
  ask(): void
  readonly state: RetentionActionState | undefined
  /** The pipeline's spool, whose changes come before the source's; `undefined`: the pipeline has none. Throws Problem. */
  spool(): Promise<Spool | undefined>
  /** The pipeline reads nothing until the warehouse answers again: the action may read the slot. */
  warehouseAway(): void
  /**
   * The warehouse answers again. Resolves when an action that was begun has ended, so that the pipeline may read the slot.
   */
  warehouseBack(): Promise<void>
  /** Resolves when the stream that begins now has to end for the action. `isHelpful`: whether spooling would help now. */
  streaming(isHelpful: () => boolean): Promise<void>
  /** A snapshot begins: spool and released slot no longer matter. */
  copying(): Promise<void>
  stop(): Promise<void>
}

type Now =
  | { kind: "away" }
  | { kind: "busy" }
  | { kind: "streaming"; isHelpful(): boolean; interrupt(): void }

export interface RetentionActionOptions {
  relief?: RetentionActions
  /** Opens the pipeline's spool, once. */
  spool?: () => Promise<Spool>
  source: Source
  handle: string
  select: TableSelection
  observe: WriteObserver
}

export function newRetentionActionWorker(options: RetentionActionOptions): RetentionActionWorker {
  const { relief = "hold", source, handle, select, observe } = options
  let now: Now = { kind: "busy" }
  let wanted = false
  let stopped = false
  let released = false
  let failure: Problem | undefined
  let opened: Spool | undefined
  let recording: Recording | undefined
  let acting: Promise<void> | undefined

  async function spool(): Promise<Spool | undefined> {
    opened ??= await options.spool?.()
    return opened
  }

  async function letGo(): Promise<void> {
    await source.remove(handle)
    released = true
  }

  async function record(): Promise<void> {
    const into = await spool()
    if (into === undefined || recording !== undefined) return
    if (source.record === undefined)
      throw new Problem("retentionOverBudget", "A source of this engine has no retention.policy spool.")
    const begun = await source.record({ handle, select, spool: into, observe })
    recording = begun
    // When the source ends the recording, the next check of the retention begins it again.
    begun.ended
      .catch(fail)
      .then(() => finish(begun))
      .catch(fail)
  }

  async function finish(begun: Recording): Promise<void> {
    await begun.stop()
    if (recording === begun) recording = undefined
  }

  function fail(error: unknown): void {
    failure =
      error instanceof Problem
        ? error
        : new Problem("internal", "Relieving the source failed.", { cause: error })
  }

  function begin(): void {
    wanted = false
    failure = undefined
    acting ??= (relief === "letGo" ? letGo() : record()).catch(fail).finally(() => {
      acting = undefined
    })
  }

  async function settle(): Promise<void> {
    await acting
    if (recording !== undefined) await finish(recording)
  }

  return {
    ask() {
      if (relief === "hold" || released || stopped) return
      // A snapshot that is under way would only have to begin again, which costs the source more.
      if (now.kind === "busy") return
      if (now.kind === "streaming" && relief === "spool" && !now.isHelpful()) return
      wanted = true
      if (now.kind === "away") begin()
      else now.interrupt()
    },
    get state(): RetentionActionState | undefined {
      if (released) return { kind: "released" }
      if (failure !== undefined) return { kind: "failed", problem: failure }
      if (opened?.range === undefined && recording === undefined) return undefined
      const { bytes = 0, limitBytes = 0, isFull = false } = opened ?? {}
      return { kind: "spooling", bytes, limitBytes, isFull }
    },
    spool,
    warehouseAway() {
      now = { kind: "away" }
      if (wanted && !stopped) begin()
    },
    async warehouseBack() {
      now = { kind: "busy" }
      await settle()
      // An earlier failure no longer matters: the pipeline reads the source itself now.
      failure = undefined
    },
    streaming(isHelpful) {
      const interrupted = Promise.withResolvers<void>()
      now = { kind: "streaming", isHelpful, interrupt: interrupted.resolve }
      return interrupted.promise
    },
    async copying() {
      released = false
      failure = undefined
      await (await spool())?.clear()
    },
    async stop() {
      stopped = true
      await settle()
    },
  }
}
