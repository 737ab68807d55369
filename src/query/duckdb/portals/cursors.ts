import { unreachable } from "../../../domain/unreachable.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Field, Format, Portal, Prepared } from "../../../wire/pgwire/session.ts"
import type { EnginePlan } from "../session/statement-kinds.ts"
import type { Transaction } from "../session/transaction.ts"
import type { CursorCommand } from "./cursor-commands.ts"
import { type EnginePortal, fixedPortal, formatsFor } from "./engine-portal.ts"

/** A query's own statement, so that the cursor outlives the one that declared it. */
export interface EnginePrepared extends Prepared {
  /** Policies or definitions have changed since: it must be planned anew to be run. */
  isOutdated(): boolean
  bind(values: (Uint8Array | null)[], formats: Format[], resultFormats: Format[]): Promise<EnginePortal>
}

interface Cursor {
  hold: boolean
  /** Its transaction has ended, and it stays. */
  isHeld: boolean
  prepared: EnginePrepared
  portal: EnginePortal
}

/** Each holds engine memory, and perhaps rows. */
const cursorsAtMost = 100

/** The cursors of one session. */
export interface Cursors {
  prepare(command: CursorCommand<EnginePlan>, declared: number[]): Promise<Prepared>
  /** Those WITH HOLD are read into memory, the others go with the transaction. */
  beforeEnd(commits: boolean): Promise<void>
  closeAll(): void
  /** The columns of a cursor; undefined: there is none of that name, or it has none. */
  fields(name: string): Field[] | undefined
}

export interface CursorParts {
  transaction: Transaction
  prepareQuery(plan: EnginePlan, declared: number[]): Promise<EnginePrepared>
}

export function sessionCursors({ transaction, prepareQuery }: CursorParts): Cursors {
  const cursors = new Map<string, Cursor>()
  transaction.onEnd(closeUnheld)

  function find(name: string): Cursor {
    const found = cursors.get(name)
    if (found) return found
    throw new PgError("34000", `cursor "${name}" does not exist`)
  }

  function close(name: string): void {
    const { portal, prepared } = find(name)
    cursors.delete(name)
    portal.close()
    prepared.close()
  }

  function closeUnheld(): void {
    for (const [name, { isHeld }] of [...cursors]) if (!isHeld) close(name)
  }

  function closeAll(): void {
    for (const name of [...cursors.keys()]) close(name)
  }

  async function beforeEnd(commits: boolean): Promise<void> {
    for (const cursor of cursors.values()) {
      if (!commits || !cursor.hold || cursor.isHeld || transaction.status() !== "T") continue
      await cursor.portal.setAside()
      cursor.isHeld = true
    }
    closeUnheld()
  }

  function requireRoom(name: string, hold: boolean): void {
    transaction.assertUsable()
    if (!hold && transaction.status() !== "T")
      throw new PgError("25P01", "DECLARE CURSOR can only be used in transaction blocks")
    if (cursors.has(name)) throw new PgError("42P03", `cursor "${name}" already exists`)
    if (cursors.size >= cursorsAtMost) throw new PgError("54000", `more than ${cursorsAtMost} open cursors`)
  }

  type Declare = Extract<CursorCommand<EnginePlan>, { kind: "declare" }>

  async function declare(
    { name, hold, query }: Declare,
    declared: number[],
    values: (Uint8Array | null)[],
    formats: Format[],
  ): Promise<void> {
    requireRoom(name, hold)
    const prepared = await prepareQuery(query, declared)
    try {
      const portal = await prepared.bind(values, formats, [])
      await portal.begin()
      const isAlone = transaction.status() !== "T"
      if (isAlone) await portal.setAside()
      cursors.set(name, { hold, isHeld: isAlone, prepared, portal })
    } catch (error) {
      prepared.close()
      throw error
    }
  }

  async function prepareDeclare(command: Declare, declared: number[]): Promise<Prepared> {
    const looked = await prepareQuery(command.query, declared)
    looked.close()
    return {
      parameterOids: looked.parameterOids,
      fields: undefined,
      bind: async (values, formats) =>
        fixedPortal(undefined, async () => {
          await declare(command, declared, values, formats)
          return { rows: [], tag: "DECLARE CURSOR" }
        }),
      close: () => undefined,
    }
  }

  function prepareFetch({
    name,
    count,
    move,
  }: Extract<CursorCommand<EnginePlan>, { kind: "fetch" }>): Prepared {
    transaction.assertUsable()
    const fields = move ? undefined : find(name).portal.fields
    return {
      parameterOids: [],
      fields,
      bind: async (_values, _formats, resultFormats) => {
        transaction.assertUsable()
        const { portal } = find(name)
        return move ? movePortal(portal, count) : fetchPortal(portal, fields ?? [], count, resultFormats)
      },
      close: () => undefined,
    }
  }

  async function prepare(command: CursorCommand<EnginePlan>, declared: number[]): Promise<Prepared> {
    switch (command.kind) {
      case "declare":
        return prepareDeclare(command, declared)
      case "fetch":
        return prepareFetch(command)
      case "close":
        return {
          parameterOids: [],
          fields: undefined,
          bind: async () =>
            fixedPortal(undefined, async () => {
              transaction.assertUsable()
              if (command.name === undefined) closeAll()
              else close(command.name)
              return { rows: [], tag: command.name === undefined ? "CLOSE CURSOR ALL" : "CLOSE CURSOR" }
            }),
          close: () => undefined,
        }
      default:
        return unreachable(command)
    }
  }

  return { prepare, beforeEnd, closeAll, fields: (name) => cursors.get(name)?.portal.fields }
}

function fetchPortal(cursor: EnginePortal, fields: Field[], count: number, asked: Format[]): Portal {
  const formats = formatsFor(fields.length, asked)
  let fetched = 0
  return {
    fields,
    formats,
    next: async (maxRows) => {
      if (fetched >= count) return undefined
      cursor.useFormats(formats)
      const batch = await cursor.next(Math.min(maxRows, count - fetched))
      fetched += batch?.rowCount ?? 0
      return batch
    },
    tag: () => `FETCH ${fetched}`,
    close: () => undefined,
  }
}

function movePortal(cursor: EnginePortal, count: number): Portal {
  let moved = 0
  return {
    fields: undefined,
    formats: [],
    next: async () => {
      while (moved < count) {
        const batch = await cursor.next(count - moved)
        if (!batch) break
        moved += batch.rowCount
      }
      return undefined
    },
    tag: () => `MOVE ${moved}`,
    close: () => undefined,
  }
}
