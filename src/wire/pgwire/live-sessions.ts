import { randomBytes, randomInt, timingSafeEqual } from "node:crypto"
import type { CancelRequest } from "./admission/log-in.ts"
import type { Holding } from "./admission/user-shares.ts"
import { backendKeyData, parameterStatus, readyForQuery } from "./backend-messages.ts"
import { newConversation } from "./conversation.ts"
import { type MessageLoop, messageLoop } from "./message-loop.ts"
import { PgError } from "./pg-error.ts"
import type { SqlSession } from "./session.ts"
import type { Transport } from "./transport.ts"

/** The sessions of those who have logged in, each under the number and the secret by which its client may cancel a statement. */
export interface LiveSessions {
  /** From the greeting to the client's last message. Closes the session. */
  converse(transport: Transport, session: SqlSession, holding: Holding): Promise<void>
  /** Of the session whose number and secret these are, if there is one. */
  cancel(request: CancelRequest): void
  cancelAll(): void
  /** Ends every session once its running statement is answered, and those that come, with 57P01. */
  stopWhenIdle(): void
}

interface Live {
  secret: Buffer
  session: SqlSession
  loop: MessageLoop
}

export function newLiveSessions(): LiveSessions {
  const live = new Map<number, Live>()
  let isStopping = false
  return {
    async converse(transport, session, holding) {
      const processId = freeNumber(live)
      const secret = randomBytes(4)
      const loop = messageLoop(newConversation(transport, session, holding), shuttingDown)
      live.set(processId, { secret, session, loop })
      transport.onGone(() => session.cancel())
      try {
        if (isStopping) throw shuttingDown()
        await greet(transport, session, { processId, secret })
        await loop.run()
      } finally {
        live.delete(processId)
        await session.close()
      }
    },
    cancel({ processId, secret }) {
      const target = live.get(processId)
      if (target && secret.length === target.secret.length && timingSafeEqual(secret, target.secret))
        target.session.cancel()
    },
    cancelAll() {
      for (const { session } of live.values()) session.cancel()
    },
    stopWhenIdle() {
      isStopping = true
      for (const { loop } of live.values()) loop.stopWhenIdle()
    },
  }
}

function freeNumber(taken: ReadonlyMap<number, unknown>): number {
  for (;;) {
    const id = randomInt(1, 2 ** 31 - 1)
    if (!taken.has(id)) return id
  }
}

function greet(
  transport: Transport,
  session: SqlSession,
  { processId, secret }: { processId: number; secret: Buffer },
): Promise<void> {
  for (const [name, value] of Object.entries(session.parameters()))
    transport.send(parameterStatus(name, value))
  transport.send(backendKeyData(processId, secret))
  transport.send(readyForQuery("I"))
  return transport.flush()
}

function shuttingDown(): PgError {
  return new PgError("57P01", "terminating connection due to administrator command", { fatal: true })
}
