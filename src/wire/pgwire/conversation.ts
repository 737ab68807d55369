/** What a client's messages do: simple queries, the extended protocol, and the ends of batches. */
import { unreachable } from "../../domain/unreachable.ts"
import type { Holding } from "./admission/user-shares.ts"
import {
  bindComplete,
  closeComplete,
  emptyQuery,
  errorResponse,
  noData,
  noticeResponse,
  parameterDescription,
  parameterStatus,
  parseComplete,
  readyForQuery,
  rowDescription,
} from "./backend-messages.ts"
import type { FrontendMessage } from "./frontend-messages.ts"
import { type KeptByName, newKeptByName, openPortals, preparedStatements } from "./kept-by-name.ts"
import { PgError } from "./pg-error.ts"
import { runPortal } from "./portal-run.ts"
import type { Field, Format, Portal, Prepared, SqlSession } from "./session.ts"
import { ConnectionGone, type Transport } from "./transport.ts"

export interface Conversation {
  readonly transport: Transport
  readonly session: SqlSession
  readonly statements: KeptByName<Prepared>
  readonly portals: KeptByName<Portal>
  /** `failed`: messages are passed over until the client ends the batch with Sync. */
  batch: "ok" | "failed"
}

export function newConversation(transport: Transport, session: SqlSession, holding: Holding): Conversation {
  return {
    transport,
    session,
    statements: newKeptByName(preparedStatements, holding),
    portals: newKeptByName(openPortals, holding),
    batch: "ok",
  }
}

/** Carries one message out. `goodbye`: it was the client's last. Throws what ends the connection. */
export async function answer(
  conversation: Conversation,
  message: FrontendMessage,
): Promise<"goOn" | "goodbye"> {
  const { batch, transport } = conversation
  switch (message.kind) {
    case "terminate":
      return "goodbye"
    case "query":
      // Legal only outside an unfinished batch; then it also closes that batch, as PostgreSQL has it.
      if (batch === "ok") await simpleQuery(conversation, message.sql)
      return "goOn"
    case "sync":
      await endBatch(conversation)
      return "goOn"
    default:
      if (batch === "failed") return "goOn"
      try {
        await extended(conversation, message)
      } catch (error) {
        fail(conversation, error)
        await transport.flush()
      }
      return "goOn"
  }
}

/** Lets go of what the client has left open. */
export function endConversation({ portals, statements }: Conversation): void {
  portals.closeAll()
  statements.closeAll()
}

/** Tells the client; the rest of its batch is passed over. Throws what ends the connection. */
function fail(conversation: Conversation, error: unknown): void {
  if (error instanceof ConnectionGone) throw error
  conversation.batch = "failed"
  const shown = conversation.session.asPgError(error)
  if (shown.fatal) throw shown
  conversation.transport.send(errorResponse(shown))
}

/** The client's next statement may begin: says in which transaction state. */
async function endBatch(conversation: Conversation): Promise<void> {
  const { transport, session, portals } = conversation
  try {
    await session.endBatch(conversation.batch === "failed")
  } catch (error) {
    fail(conversation, error)
  }
  conversation.batch = "ok"
  if (session.status() !== "T") portals.closeAll()
  for (const [name, value] of Object.entries(session.takeChangedParameters())) {
    transport.send(parameterStatus(name, value))
  }
  transport.send(readyForQuery(session.status()))
  await transport.flush()
}

async function simpleQuery(conversation: Conversation, sql: string): Promise<void> {
  conversation.statements.close("")
  conversation.portals.close("")
  try {
    await runStatements(conversation, sql)
  } catch (error) {
    fail(conversation, error)
  }
  await endBatch(conversation)
}

async function runStatements(conversation: Conversation, sql: string): Promise<void> {
  const { transport, session } = conversation
  const parts = session.split(sql)
  if (parts.length === 0) transport.send(emptyQuery)
  for (const part of parts) {
    const prepared = await prepare(conversation, part, [])
    let portal: Portal | undefined
    try {
      portal = await prepared.bind([], [], [])
      if (portal.fields) describe(transport, portal.fields, portal.formats)
      await runPortal(transport, portal, 0)
      release(conversation)
    } finally {
      portal?.close()
      prepared.close()
    }
  }
}

/** Clients let go of their prepared statements by DEALLOCATE too, and use the names again. */
function release({ session, statements }: Conversation): void {
  for (const name of session.takeReleased())
    if (name === undefined) statements.closeAll()
    else statements.close(name)
}

async function prepare(
  { transport, session }: Conversation,
  sql: string,
  parameterOids: number[],
): Promise<Prepared> {
  const prepared = await session.prepare(sql, parameterOids)
  for (const notice of session.takeNotices()) transport.send(noticeResponse(notice))
  return prepared
}

/** Messages of the extended protocol but Sync. */
type Extended = Exclude<FrontendMessage, { kind: "query" | "sync" | "terminate" }>
type ExtendedOf<Kind extends Extended["kind"]> = Extract<Extended, { kind: Kind }>

async function extended(conversation: Conversation, message: Extended): Promise<void> {
  const { transport, statements, portals } = conversation
  switch (message.kind) {
    case "parse":
      return parse(conversation, message)
    case "bind":
      return bind(conversation, message)
    case "describe":
      return describeNamed(conversation, message)
    case "execute":
      await runPortal(transport, portals.get(message.portal), message.maxRows)
      return release(conversation)
    case "close":
      if (message.what === "portal") portals.close(message.name)
      else statements.close(message.name)
      transport.send(closeComplete)
      return
    case "flush":
      return transport.flush()
    case "copy":
      // Data still under way for a COPY that was refused: nothing to do with it.
      return
    case "functionCall":
      throw new PgError("0A000", "function calls by message are not supported; use SELECT")
    case "password":
      throw new PgError("08P01", "unexpected password message", { fatal: true })
    default:
      return unreachable(message)
  }
}

async function parse(conversation: Conversation, message: ExtendedOf<"parse">): Promise<void> {
  const { name, sql, parameterOids } = message
  await conversation.statements.keep(name, sql.length, () => prepare(conversation, sql, parameterOids))
  conversation.transport.send(parseComplete)
}

async function bind(
  { transport, statements, portals }: Conversation,
  message: ExtendedOf<"bind">,
): Promise<void> {
  const prepared = statements.get(message.statement)
  const bytes = message.values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
  await portals.keep(message.portal, bytes, () =>
    prepared.bind(message.values, message.formats, message.resultFormats),
  )
  transport.send(bindComplete)
}

function describeNamed(
  { transport, session, statements, portals }: Conversation,
  message: ExtendedOf<"describe">,
): void {
  if (message.what === "portal") {
    const fields = session.cursorFields(message.name)
    if (fields !== undefined) return describe(transport, fields, [])
    const portal = portals.get(message.name)
    return describe(transport, portal.fields, portal.formats)
  }
  const prepared = statements.get(message.name)
  transport.send(parameterDescription(prepared.parameterOids))
  describe(transport, prepared.fields, [])
}

function describe(transport: Transport, fields: Field[] | undefined, formats: Format[]): void {
  transport.send(fields ? rowDescription(fields, formats) : noData)
}
