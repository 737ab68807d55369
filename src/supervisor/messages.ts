/**
 * The supervisor keeps the processes of `millrace serve` running: `api`, and the engine (`sql,worker`). It starts each with what it
 * needs, hears from each that its event loop turns, ends one that does not or that takes too much memory, and starts the next.
 *
 * Parts: `supervised-process.ts` (one process), `kept-process.ts` (one after the other, with waits), `silence.ts` and `memory.ts`
 * (what a process is ended for), `running-statements.ts` and `blamed-statements.ts` (which statements ran when an engine ended),
 * `leftovers.ts` (processes of a supervisor that was killed). `in-child.ts` is the other side of the channel.
 *
 * Invariants: the supervisor imports no engine, source or warehouse; at most one process of a name lives at any time; no process
 * outlives its supervisor.
 */

/** What the supervisor tells a process over its IPC channel. */
export type Order<Start> =
  /** Once, at the beginning. */
  | { kind: "start"; start: Start }
  /** End in order. */
  | { kind: "stop" }
  /** How another process of the same supervisor is. */
  | { kind: "neighbour"; name: string; state: ProcessState }

/** What a process tells its supervisor. */
export type Report<Facts> =
  /** Its event loop turns. */
  | { kind: "alive"; rssBytes: number }
  /** It serves; told once. */
  | { kind: "ready"; facts: Facts }

/** How a process that is kept running is now. */
export interface ProcessState {
  isReady: boolean
  /** How often one was started in place of one that ended. */
  replacements: number
  /** Why the last one ended, in a few words; undefined: none has. */
  lastEnd?: string
  /** Milliseconds since 1970 at which that was. */
  lastEndAtMs?: number
}

/** What the supervisor's log must offer; pino's fits. */
export interface SupervisorLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}
