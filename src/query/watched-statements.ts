import { PgError } from "../wire/pgwire/pg-error.ts"
import type { Portal, Prepared } from "../wire/pgwire/session.ts"
import type { QueryEngine, QuerySession } from "./contract.ts"
import { fingerprintOf } from "./text/fingerprint.ts"

/** Is told which statement of a user is inside the engine, before it is. */
export interface StatementWatch {
  /** For a new session. */
  slot(): WatchSlot
  /** Until when the user's statement is refused, in ms since 1970; `undefined`: it is not. */
  refusedUntilMs(user: string, fingerprint: string): number | undefined
}

export interface WatchSlot {
  begin(user: string, fingerprint: string): void
  end(): void
  close(): void
}

/**
 * A query engine whose statements are told to `watch`: from the first step of one to the end of its batch (ReadyForQuery). Statements
 * that have ended the engine's process before are refused with 54000.
 */
export function watchedQueries(engine: QueryEngine, watch: StatementWatch): QueryEngine {
  const fingerprints = newFingerprints()
  return {
    ...engine,
    open: async (request) => {
      const slot = watch.slot()
      try {
        const session = await engine.open({
          ...request,
          onClose: () => {
            slot.close()
            request.onClose()
          },
        })
        return watchedSession(session, { watch, slot, fingerprints })
      } catch (error) {
        slot.close()
        throw error
      }
    },
  }
}

interface Watching {
  watch: StatementWatch
  slot: WatchSlot
  fingerprints(sql: string): string | undefined
}

function watchedSession(session: QuerySession, { watch, slot, fingerprints }: Watching): QuerySession {
  const { user } = session
  let current: string | undefined

  /** The statement is inside the engine from here on. */
  function enter(fingerprint: string | undefined): void {
    if (fingerprint === undefined || fingerprint === current) return
    const untilMs = watch.refusedUntilMs(user, fingerprint)
    if (untilMs !== undefined && untilMs > Date.now()) throw refusal(fingerprint, untilMs)
    slot.begin(user, fingerprint)
    current = fingerprint
  }
  function watchedPortal(portal: Portal, fingerprint: string | undefined): Portal {
    return {
      get fields() {
        return portal.fields
      },
      formats: portal.formats,
      ...(portal.copy && { copy: portal.copy }),
      next: async (maxRows) => {
        enter(fingerprint)
        return await portal.next(maxRows)
      },
      tag: (rowsSent) => portal.tag(rowsSent),
      close: () => portal.close(),
    }
  }
  function watchedStatement(prepared: Prepared, fingerprint: string | undefined): Prepared {
    return {
      get parameterOids() {
        return prepared.parameterOids
      },
      get fields() {
        return prepared.fields
      },
      bind: async (...values) => {
        enter(fingerprint)
        return watchedPortal(await prepared.bind(...values), fingerprint)
      },
      close: () => prepared.close(),
    }
  }
  return {
    ...session,
    prepare: async (sql, parameterOids) => {
      const fingerprint = fingerprints(sql)
      enter(fingerprint)
      return watchedStatement(await session.prepare(sql, parameterOids), fingerprint)
    },
    endBatch: async (failed) => {
      try {
        await session.endBatch(failed)
      } finally {
        if (current !== undefined) slot.end()
        current = undefined
      }
    },
  }
}

function refusal(fingerprint: string, untilMs: number): PgError {
  return new PgError(
    "54000",
    `this statement ended the warehouse's process twice and is refused until ${new Date(untilMs).toISOString()}`,
    {
      detail: `Its fingerprint in the server's log is ${fingerprint}.`,
      hint: "Have it read fewer rows or do less at once, which makes it another statement, or wait until then.",
    },
  )
}

/** Of BEGIN, COMMIT, SET and the like nothing would be learned, and nobody could go on without them. */
const plainVerbs =
  /^\s*(?:begin|start|commit|end|rollback|abort|savepoint|release|set|reset|show|discard|deallocate)\b/i
const cachedAtMost = 1_000
const cachedCharactersAtMost = 4_000

/** Fingerprints of statements, kept for short texts: clients send the same ones again and again. `undefined`: not watched. */
function newFingerprints(): (sql: string) => string | undefined {
  const known = new Map<string, string | undefined>()
  return (sql) => {
    if (sql.length > cachedCharactersAtMost) return readFingerprint(sql)
    if (known.has(sql)) return known.get(sql)
    if (known.size >= cachedAtMost) known.clear()
    const fingerprint = readFingerprint(sql)
    known.set(sql, fingerprint)
    return fingerprint
  }
}

function readFingerprint(sql: string): string | undefined {
  if (plainVerbs.test(sql)) return undefined
  try {
    return fingerprintOf(sql)
  } catch (error) {
    // The session refuses it with the same error before the engine sees it.
    if (error instanceof PgError) return undefined
    throw error
  }
}
