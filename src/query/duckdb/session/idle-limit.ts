import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { SqlSession, TransactionStatus } from "../../../wire/pgwire/session.ts"
import { durationMs, type SessionSettings } from "./settings.ts"

/** What the session has set for a client that says nothing, in a transaction or outside of one. */
export function idleLimit(
  settings: Pick<SessionSettings, "get">,
  status: TransactionStatus,
): ReturnType<SqlSession["idleLimit"]> {
  const isOutside = status === "I"
  const name = isOutside ? "idle_session_timeout" : "idle_in_transaction_session_timeout"
  const afterMs = durationMs(settings.get(name) ?? "0") ?? 0
  if (afterMs === 0) return undefined
  const what = isOutside ? "idle-session" : "idle-in-transaction"
  const error = new PgError(isOutside ? "57P05" : "25P03", `terminating connection due to ${what} timeout`, {
    fatal: true,
  })
  return { afterMs, error }
}
