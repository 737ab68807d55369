import { type Deadline, startDeadline } from "../../concurrency/deadline.ts"
import { unreachable } from "../../domain/unreachable.ts"
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
import { decodeFrontend, type FrontendMessage } from "./frontend-messages.ts"
import { PgError } from "./pg-error.ts"
import { runPortal } from "./portal-run.ts"
import type { Field, Format, Portal, Prepared, SqlSession } from "./session.ts"
import { ConnectionGone, type Transport } from "./transport.ts"
import type { Holding } from "./user-shares.ts"

/** Each holds engine memory; a client that never closes them is told, rather than served until memory ends. */
const statementsAtMost = 5000
const portalsAtMost = 500

export interface MessageLoop {
  /** Serves messages until the client says goodbye or is gone. */
  run(): Promise<void>
  busy(): boolean
  /** Ends the loop once the statement that runs now is answered. */
  stopWhenIdle(): void
}

/** What a client keeps open, and what gives its part of the user's share back. */
interface Kept<T> {
  one: T
  giveBack(): void
}

async function kept<T>(giveBack: () => void, make: () => Promise<T>): Promise<Kept<T>> {
  try {
    return { one: await make(), giveBack }
  } catch (error) {
    giveBack()
    throw error
  }
}

type Extended = Exclude<FrontendMessage, { kind: "query" | "sync" | "terminate" }>

export function messageLoop(
  transport: Transport,
  session: SqlSession,
  holding: Holding,
  shuttingDown: () => PgError,
): MessageLoop {
  const statements = new Map<string, Kept<Prepared>>()
  const portals = new Map<string, Kept<Portal>>()
  let failed = false
  let busy = false
  let stopping = false
  let idleStop: (() => void) | undefined
  /** The last batch is answered; the next has not begun. */
  let atRest = true

  function closePortals(): void {
    for (const name of portals.keys()) closePortal(name)
  }
  function closePortal(name: string): void {
    const portal = portals.get(name)
    portal?.one.close()
    portal?.giveBack()
    portals.delete(name)
  }
  function closeStatement(name: string): void {
    const statement = statements.get(name)
    statement?.one.close()
    statement?.giveBack()
    statements.delete(name)
  }

  function fail(error: unknown): void {
    if (error instanceof ConnectionGone) throw error
    failed = true
    const shown = session.asPgError(error)
    if (shown.fatal) throw shown
    transport.send(errorResponse(shown))
  }

  /** The client's next statement may begin: says in which transaction state. */
  async function ready(): Promise<void> {
    try {
      await session.endBatch(failed)
    } catch (error) {
      fail(error)
    }
    failed = false
    if (session.status() !== "T") closePortals()
    for (const [name, value] of Object.entries(session.takeChangedParameters())) {
      transport.send(parameterStatus(name, value))
    }
    transport.send(readyForQuery(session.status()))
    await transport.flush()
  }

  function describe(fields: Field[] | undefined, formats: Format[]): void {
    transport.send(fields ? rowDescription(fields, formats) : noData)
  }

  async function prepare(sql: string, parameterOids: number[]): Promise<Prepared> {
    const prepared = await session.prepare(sql, parameterOids)
    for (const notice of session.takeNotices()) transport.send(noticeResponse(notice))
    return prepared
  }

  async function runSimple(sql: string): Promise<void> {
    const parts = session.split(sql)
    if (parts.length === 0) transport.send(emptyQuery)
    for (const part of parts) {
      const prepared = await prepare(part, [])
      let portal: Portal | undefined
      try {
        portal = await prepared.bind([], [], [])
        if (portal.fields) describe(portal.fields, portal.formats)
        await runPortal(transport, portal, 0)
      } finally {
        portal?.close()
        prepared.close()
      }
    }
  }

  async function simpleQuery(sql: string): Promise<void> {
    closeStatement("")
    closePortal("")
    try {
      await runSimple(sql)
    } catch (error) {
      fail(error)
    }
    await ready()
  }

  function statement(name: string): Prepared {
    const found = statements.get(name)
    if (!found) throw new PgError("26000", `prepared statement "${name}" does not exist`)
    return found.one
  }
  function portalNamed(name: string): Portal {
    const found = portals.get(name)
    if (!found) throw new PgError("34000", `portal "${name}" does not exist`)
    return found.one
  }

  async function parse(message: Extract<Extended, { kind: "parse" }>): Promise<void> {
    if (message.name === "") closeStatement("")
    else if (statements.has(message.name)) {
      throw new PgError("42P05", `prepared statement "${message.name}" already exists`)
    }
    if (statements.size >= statementsAtMost) {
      throw new PgError("54000", `more than ${statementsAtMost} prepared statements in one session`)
    }
    const giveBack = holding.keep({ kind: "statements", bytes: message.sql.length })
    statements.set(message.name, await kept(giveBack, () => prepare(message.sql, message.parameterOids)))
    transport.send(parseComplete)
  }

  async function bind(message: Extract<Extended, { kind: "bind" }>): Promise<void> {
    const prepared = statement(message.statement)
    if (message.portal === "") closePortal("")
    else if (portals.has(message.portal))
      throw new PgError("42P03", `cursor "${message.portal}" already exists`)
    if (portals.size >= portalsAtMost) throw new PgError("54000", `more than ${portalsAtMost} open portals`)
    const bytes = message.values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
    const giveBack = holding.keep({ kind: "portals", bytes })
    portals.set(
      message.portal,
      await kept(giveBack, () => prepared.bind(message.values, message.formats, message.resultFormats)),
    )
    transport.send(bindComplete)
  }

  function describeNamed(message: Extract<Extended, { kind: "describe" }>): void {
    if (message.what === "portal") {
      const portal = portalNamed(message.name)
      describe(portal.fields, portal.formats)
      return
    }
    const prepared = statement(message.name)
    transport.send(parameterDescription(prepared.parameterOids))
    describe(prepared.fields, [])
  }

  async function extended(message: Extended): Promise<void> {
    switch (message.kind) {
      case "parse":
        return parse(message)
      case "bind":
        return bind(message)
      case "describe":
        return describeNamed(message)
      case "execute":
        return runPortal(transport, portalNamed(message.portal), message.maxRows)
      case "close":
        if (message.what === "portal") closePortal(message.name)
        else closeStatement(message.name)
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

  /** False: the client said goodbye. */
  async function handle(message: FrontendMessage): Promise<boolean> {
    atRest = message.kind === "query" || message.kind === "sync"
    switch (message.kind) {
      case "terminate":
        return false
      case "query":
        // Legal only outside an unfinished batch; then it also closes that batch, as PostgreSQL has it.
        if (!failed) await simpleQuery(message.sql)
        return true
      case "sync":
        await ready()
        return true
      default:
        if (failed) return true
        try {
          await extended(message)
        } catch (error) {
          fail(error)
          await transport.flush()
        }
        return true
    }
  }

  async function nextMessage(): Promise<FrontendMessage> {
    const limit = atRest ? session.idleLimit() : undefined
    let idleLimit: Deadline | undefined
    const stop = new Promise<never>((_resolve, reject) => {
      idleStop = () => reject(shuttingDown())
      if (limit) idleLimit = startDeadline(limit.afterMs, () => reject(limit.error))
    })
    try {
      if (stopping) throw shuttingDown()
      const frame = await Promise.race([transport.receive("session"), stop])
      return decodeFrontend(frame)
    } finally {
      idleLimit?.end()
      idleStop = undefined
    }
  }

  async function run(): Promise<void> {
    try {
      for (;;) {
        const message = await nextMessage()
        busy = true
        const goOn = await handle(message)
        busy = false
        if (!goOn) return
      }
    } finally {
      closePortals()
      for (const name of statements.keys()) closeStatement(name)
    }
  }

  return {
    run,
    busy: () => busy,
    stopWhenIdle: () => {
      stopping = true
      if (!busy) idleStop?.()
    },
  }
}
