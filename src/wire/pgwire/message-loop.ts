import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import { answer, type Conversation, endConversation } from "./conversation.ts"
import { decodeFrontend, type FrontendMessage } from "./frontend-messages.ts"
import type { PgError } from "./pg-error.ts"

export interface MessageLoop {
  /** Serves messages until the client says goodbye or is gone. */
  run(): Promise<void>
  /** Ends the loop once the statement that runs now is answered. */
  stopWhenIdle(): void
}

/** What the loop does; `waiting`: for the client's next message, which `interrupt` ends. */
type Doing = { kind: "answering" } | { kind: "waiting"; interrupt(): void }

interface LoopState {
  readonly conversation: Conversation
  /** What a client is told whose loop is stopped. */
  readonly shuttingDown: () => PgError
  doing: Doing
  isStopping: boolean
  /** The last batch is answered; the next has not begun. */
  isAtRest: boolean
}

export function messageLoop(conversation: Conversation, shuttingDown: () => PgError): MessageLoop {
  const state: LoopState = {
    conversation,
    shuttingDown,
    doing: { kind: "answering" },
    isStopping: false,
    isAtRest: true,
  }
  return {
    run: () => run(state),
    stopWhenIdle() {
      state.isStopping = true
      if (state.doing.kind === "waiting") state.doing.interrupt()
    },
  }
}

async function run(state: LoopState): Promise<void> {
  const { conversation } = state
  try {
    for (;;) {
      const message = await nextMessage(state)
      state.isAtRest = message.kind === "query" || message.kind === "sync"
      if ((await answer(conversation, message)) === "goodbye") return
    }
  } finally {
    endConversation(conversation)
  }
}

/** Rejects when the loop is stopped, or when the client says nothing for longer than its session may be idle. */
async function nextMessage(state: LoopState): Promise<FrontendMessage> {
  if (state.isStopping) throw state.shuttingDown()
  const { transport, session } = state.conversation
  const limit = state.isAtRest ? session.idleLimit() : undefined
  let idleLimit: Deadline | undefined
  const stop = new Promise<never>((_resolve, reject) => {
    state.doing = { kind: "waiting", interrupt: () => reject(state.shuttingDown()) }
    if (limit) idleLimit = startDeadline(limit.afterMs, () => reject(limit.error))
  })
  try {
    return decodeFrontend(await Promise.race([transport.receive("session"), stop]))
  } finally {
    idleLimit?.end()
    state.doing = { kind: "answering" }
  }
}
