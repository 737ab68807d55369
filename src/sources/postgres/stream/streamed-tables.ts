import { type TableName, tableKey } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { TableSelection } from "../../../replication/contracts/source.ts"
import type { PgTable } from "../catalog/catalog.ts"
import type { CurrentState } from "../catalog/current-tables.ts"
import { withLeaf } from "../catalog/leaf-partitions.ts"
import { revisionOf } from "../catalog/revision.ts"
import { type Evolution, evolve } from "./evolve.ts"
import { type Described, describe, isDescribed } from "./relation.ts"
import { xidDistance } from "./xid.ts"

export interface StreamedTable {
  table: PgTable
  /** Transactions before this are in the copy that the table came with, or have been given to the sink. */
  from: bigint
  /**
   * The catalog was seen to hold exactly this when all transactions before this one had ended: what they describe so
   * needs no look at it. `undefined`: it was not.
   */
  confirmedBefore: number | undefined
  /** Transactions that emptied it whole, since its storage was last compared with the catalog's. */
  emptiedBy: Set<string>
}

/** Something that only the catalog can answer; nothing more may be decoded before it has. */
export interface Question {
  ids: string[]
  /** The catalog is to be seen as of the end of this transaction or later. */
  after: number
  /** May lead to a further question. */
  answer(states: ReadonlyMap<string, CurrentState>): Question | undefined
}

export interface StreamedTables {
  include(table: PgTable, from: bigint, confirmedBefore: number | undefined): void
  exclude(id: string): void
  /** Transactions whose commit record lies before `before` have been given to the sink: nothing of them is taken again. */
  given(before: bigint): void
  get(id: string): StreamedTable | undefined
  /** Rows of a partitioned table come by way of this partition. */
  filled(id: string, leaf: string): void
  /** Transaction `xid` empties the table. */
  truncated(id: string, xid: number): void
  /** The stream describes a table. */
  described(id: string, described: Described, commitLsn: bigint, xid: number): Question | undefined
  /** The stream has come to where the catalog had these states, and the tables were `before` when it was read. */
  settle(before: ReadonlyMap<string, PgTable>, states: ReadonlyMap<string, CurrentState>): void
}

export interface StreamedTablesOptions {
  sink: ChangeSink
  select: TableSelection
  /** Rows of the relation go here from now on; `undefined`: nowhere, until it is described anew. */
  route(id: string, carried: StreamedTable | undefined): void
  /** As `route`, but only if its rows go somewhere already. */
  reroute(id: string, carried: StreamedTable): void
}

/** The tables whose rows the stream takes, as they are at the place it has come to. */
export function newStreamedTables({ sink, select, route, reroute }: StreamedTablesOptions): StreamedTables {
  const byId = new Map<string, StreamedTable>()

  function letGo(id: string): void {
    byId.delete(id)
    route(id, undefined)
  }

  /** Whether the table goes on. If not, what there is of it is kept under the name it has now. */
  function take(id: string, one: StreamedTable, evolution: Evolution, name: TableName): boolean {
    switch (evolution.kind) {
      case "same":
        one.table = evolution.table
        return true
      case "altered":
        return become(id, one, evolution)
      case "beside":
        if (!rename(id, one, name)) return false
        sink.schemaChanged(one.table.schema, evolution.reason)
        letGo(id)
        return false
      default:
        return unreachable(evolution)
    }
  }

  function become(
    id: string,
    one: StreamedTable,
    { to, origins, fill }: Evolution & { kind: "altered" },
  ): boolean {
    const isTaken = sink.altered({ from: one.table.schema, to: to.schema, origins, fill })
    if (isTaken) one.table = to
    else letGo(id)
    return isTaken
  }

  /** The name is all that becomes another, whatever else is new. Whether the table goes on. */
  function rename(id: string, one: StreamedTable, { schema, name }: TableName): boolean {
    const from = one.table.schema
    if (from.schema === schema && from.name === name) return true
    const to = { ...one.table, schema: { ...from, schema, name } }
    return become(id, one, {
      kind: "altered",
      to,
      origins: from.columns.map((_, index) => index),
      fill: undefined,
    })
  }

  function drop(id: string, { table }: StreamedTable): void {
    letGo(id)
    sink.dropped(table.schema)
  }

  function namesakes(id: string, name: string): [string, StreamedTable][] {
    return [...byId].filter(([other, { table }]) => other !== id && tableKey(table.schema) === name)
  }

  /** A table that has lost its name to another without our knowing its new one is gone, or no longer wanted. */
  function dropNamesakes(id: string): void {
    const one = byId.get(id)
    if (one === undefined) return
    for (const [other, carried] of namesakes(id, tableKey(one.table.schema))) drop(other, carried)
  }

  /** Tables that stand at the new names, and at the new names of those. Asked for until none is left unasked. */
  function inTheWay(
    id: string,
    name: string,
    states: ReadonlyMap<string, CurrentState>,
    found: string[] = [],
  ): string[] {
    for (const [other] of namesakes(id, name)) {
      if (found.includes(other)) continue
      found.push(other)
      const its = nameIn(states.get(other))
      if (its !== undefined) inTheWay(other, tableKey(its), states, found)
    }
    return found
  }

  function question(id: string, described: Described, after: number, ids: string[]): Question {
    return {
      ids,
      after,
      answer(states) {
        const others = inTheWay(id, tableKey(described), states).filter((other) => other !== id)
        if (others.some((other) => !ids.includes(other)))
          return question(id, described, after, [id, ...others])
        conclude(id, described, others, states)
        return undefined
      },
    }
  }

  function conclude(
    id: string,
    described: Described,
    others: readonly string[],
    states: ReadonlyMap<string, CurrentState>,
  ): void {
    const one = byId.get(id)
    if (one === undefined) return
    if (!select(described)) return drop(id, one)
    const evolution = evolutionTo(one, described, states.get(id))
    for (const other of others) makeWay(other, states.get(other))
    if (!take(id, one, evolution, restingName(id, described, states.get(id)))) return
    route(id, one)
    dropNamesakes(id)
  }

  /** A table that goes no further rests under the newest name it has: another may take the older one before it is copied. */
  function restingName(id: string, described: Described, state: CurrentState | undefined): TableName {
    const newest = nameIn(state)
    if (newest === undefined || !select(newest)) return described
    return namesakes(id, tableKey(newest)).length === 0 ? newest : described
  }

  /**
   * Gives a table that must have lost its name before this place the one it has now. What else is new in it the stream
   * tells, or the next look at the catalog.
   */
  function makeWay(id: string, state: CurrentState | undefined): void {
    const one = byId.get(id)
    const name = nameIn(state)
    if (one === undefined || name === undefined || !select(name)) return
    if (rename(id, one, name)) reroute(id, one)
  }

  return {
    include(table, from, confirmedBefore) {
      byId.set(table.schema.id, { table, from, confirmedBefore, emptiedBy: new Set() })
    },
    exclude: letGo,
    given(before) {
      for (const one of byId.values()) if (one.from < before) one.from = before
    },
    get: (id) => byId.get(id),
    filled(id, leaf) {
      const one = byId.get(id)
      if (one === undefined) return
      const storage = withLeaf(one.table.storage, leaf)
      if (storage === one.table.storage) return
      const table = { ...one.table, storage }
      one.table = { ...table, schema: { ...table.schema, revision: revisionOf(table) } }
      sink.revised(one.table.schema)
      reroute(id, one)
    },
    truncated: (id, xid) => void byId.get(id)?.emptiedBy.add(String(xid)),
    described(id, described, commitLsn, xid) {
      const one = byId.get(id)
      if (one === undefined) return void route(id, undefined)
      const isSame = isDescribed(one.table, described)
      // Before `from` it may well have been otherwise.
      if (commitLsn < one.from) return void route(id, isSame ? one : undefined)
      const isConfirmed = one.confirmedBefore !== undefined && xidDistance(xid, one.confirmedBefore) < 0
      if (isSame && isConfirmed) return void route(id, one)
      route(id, undefined)
      return question(id, described, xid, [id])
    },
    settle(before, states) {
      for (const [id, table] of before) {
        const one = byId.get(id)
        const state = states.get(id)
        // What the stream itself has told since is newer.
        if (one?.table !== table || state === undefined) continue
        const name = nameIn(state)
        if (name === undefined || !select(name)) drop(id, one)
        else if (take(id, one, settledEvolution(one, state), name)) {
          one.emptiedBy.clear()
          reroute(id, one)
        }
      }
      for (const id of before.keys()) if (byId.get(id)?.table !== before.get(id)) dropNamesakes(id)
    },
  }
}

function nameIn(state: CurrentState | undefined): TableName | undefined {
  switch (state?.kind) {
    case "there":
      return state.current.table.schema
    case "refused":
      return state.table
    case "gone":
    case undefined:
      return undefined
    default:
      return unreachable(state)
  }
}

function evolutionTo(
  { table }: StreamedTable,
  described: Described,
  state: CurrentState | undefined,
): Evolution {
  if (state?.kind === "there") return evolve(table, described, state.current)
  return { kind: "beside", reason: whyNotThere(state) }
}

/** The stream has come to where the catalog said this. */
function settledEvolution({ table, emptiedBy }: StreamedTable, state: CurrentState): Evolution {
  if (state.kind !== "there") return { kind: "beside", reason: whyNotThere(state) }
  return evolve(table, describe(state.current.table), state.current, true, emptiedBy)
}

function whyNotThere(state: CurrentState | undefined): string {
  return state?.kind === "refused" ? state.table.reason : "it was changed and dropped"
}

/** Whether a table that is carried so is what the catalog says it is. */
export function isStreamedAs({ table }: StreamedTable, now: PgTable["schema"]): boolean {
  const { schema, name, key } = table.schema
  const typesOf = ({ columns }: PgTable["schema"]) =>
    JSON.stringify(columns.map(({ sourceType }) => sourceType))
  return (
    typesOf(table.schema) === typesOf(now) &&
    revisionOf(table) === now.revision &&
    schema === now.schema &&
    name === now.name &&
    key?.join() === now.key?.join()
  )
}
