/** What the supervisor tells a process over its IPC channel. */
export type Order<Start> =
  /** Once, at the beginning. */
  | { kind: "start"; start: Start }
  /** Take over another start, while everything runs; it is answered by `reloaded`. */
  | { kind: "reload"; start: Start }
  /** End in order. */
  | { kind: "stop" }
  /** How another process of the same supervisor is. */
  | { kind: "neighbour"; name: string; state: ProcessState }

/** What a process tells its supervisor. */
export type Report<Facts> =
  /** Its event loop turns. */
  | { kind: "alive"; rssBytes: number }
  /** It has taken over what `reload` gave, or says why not. */
  | { kind: "reloaded"; mistake: string | undefined }
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
