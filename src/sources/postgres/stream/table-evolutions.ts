/** What becomes of the tables that a stream carries, in the order of the stream and of looks at the catalog. */
import { type TableName, tableKey } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import type { ChangeSink } from "../../../replication/contracts/change-sink.ts"
import type { TableSelection } from "../../../replication/contracts/source.ts"
import type { PgTable } from "../catalog/catalog.ts"
import type { CurrentState } from "../catalog/current-tables.ts"
import { type Evolution, evolve } from "./evolve.ts"
import { type Described, describe } from "./relation.ts"

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

/** The tables of one stream, as they are at the place it has come to. */
export interface Carried {
  readonly sink: ChangeSink
  readonly select: TableSelection
  /** Rows of the relation go here from now on; `undefined`: nowhere, until it is described anew. */
  route(id: string, one: StreamedTable | undefined): void
  /** As `route`, for a relation that is routed to a table now; one that is routed nowhere stays so. */
  reroute(id: string, one: StreamedTable): void
  readonly byId: Map<string, StreamedTable>
}

type States = ReadonlyMap<string, CurrentState>

/** Something that only the catalog can answer; nothing more may be decoded before it has. */
export interface Question {
  ids: string[]
  /** The catalog is to be seen as of the end of this transaction or later. */
  after: number
  /** May lead to a further question. */
  answer(states: States): Question | undefined
}

/** What the stream says of a table. */
export interface Description {
  id: string
  described: Described
  /** The transaction that says so. */
  xid: number
}

export function letGo({ byId, route }: Carried, id: string): void {
  byId.delete(id)
  route(id, undefined)
}

/** What the table has become, once the catalog has told of it and of those, `ids`, that may stand in its way. */
export function questionOf(carried: Carried, description: Description, ids: string[]): Question {
  const { id, described, xid } = description
  return {
    ids,
    after: xid,
    answer(states) {
      const others = inTheWay(carried, id, tableKey(described), { states, found: [] }).filter(
        (other) => other !== id,
      )
      if (others.some((other) => !ids.includes(other)))
        return questionOf(carried, description, [id, ...others])
      conclude(carried, description, others, states)
      return undefined
    },
  }
}

/** The stream has come to where the catalog had these states, and the tables were `before` when it was read. */
export function settle(carried: Carried, before: ReadonlyMap<string, PgTable>, states: States): void {
  const { byId, select } = carried
  for (const [id, table] of before) {
    const one = byId.get(id)
    const state = states.get(id)
    // What the stream itself has told since is newer.
    if (one?.table !== table || state === undefined) continue
    const name = nameIn(state)
    if (name === undefined || !select(name)) drop(carried, id, one)
    else if (goesOn(carried, one, settledEvolution(one, state), name)) {
      one.emptiedBy.clear()
      carried.reroute(id, one)
    }
  }
  for (const id of before.keys()) if (byId.get(id)?.table !== before.get(id)) dropNamesakes(carried, id)
}

function conclude(
  carried: Carried,
  { id, described }: Description,
  others: readonly string[],
  states: States,
): void {
  const one = carried.byId.get(id)
  if (one === undefined) return
  if (!carried.select(described)) return drop(carried, id, one)
  const evolution = evolutionTo(one, described, states.get(id))
  for (const other of others) makeWay(carried, other, states.get(other))
  if (!goesOn(carried, one, evolution, restingName(carried, id, described, states.get(id)))) return
  carried.route(id, one)
  dropNamesakes(carried, id)
}

/** Whether the table goes on. If not, what there is of it is kept under `name`, which it has now. */
function goesOn(carried: Carried, one: StreamedTable, evolution: Evolution, name: TableName): boolean {
  switch (evolution.kind) {
    case "same":
      one.table = evolution.table
      return true
    case "altered":
      return become(carried, one, evolution)
    case "beside":
      if (!rename(carried, one, name)) return false
      carried.sink.schemaChanged(one.table.schema, evolution.reason)
      letGo(carried, one.table.schema.id)
      return false
    default:
      return unreachable(evolution)
  }
}

function become(
  carried: Carried,
  one: StreamedTable,
  { to, origins, fill }: Evolution & { kind: "altered" },
): boolean {
  const from = one.table.schema
  const isTaken = carried.sink.altered({ from, to: to.schema, origins, fill })
  if (isTaken) one.table = to
  else letGo(carried, from.id)
  return isTaken
}

/** The name is all that becomes another, whatever else is new. Whether the table goes on. */
function rename(carried: Carried, one: StreamedTable, { schema, name }: TableName): boolean {
  const from = one.table.schema
  if (from.schema === schema && from.name === name) return true
  const to = { ...one.table, schema: { ...from, schema, name } }
  const origins = from.columns.map((_, index) => index)
  return become(carried, one, { kind: "altered", to, origins, fill: undefined })
}

function drop(carried: Carried, id: string, { table }: StreamedTable): void {
  letGo(carried, id)
  carried.sink.dropped(table.schema)
}

function namesakes({ byId }: Carried, id: string, name: string): [string, StreamedTable][] {
  return [...byId].filter(([other, { table }]) => other !== id && tableKey(table.schema) === name)
}

/** A table that has lost its name to another without our knowing its new one is gone, or no longer wanted. */
function dropNamesakes(carried: Carried, id: string): void {
  const one = carried.byId.get(id)
  if (one === undefined) return
  for (const [other, its] of namesakes(carried, id, tableKey(one.table.schema))) drop(carried, other, its)
}

/** A search along names: whom the catalog has where, and whom it has found. */
interface NameSearch {
  states: States
  found: string[]
}

/** Tables that stand at the new names, and at the new names of those. Asked for until none is left unasked. */
function inTheWay(carried: Carried, id: string, name: string, search: NameSearch): string[] {
  for (const [other] of namesakes(carried, id, name)) {
    if (search.found.includes(other)) continue
    search.found.push(other)
    const its = nameIn(search.states.get(other))
    if (its !== undefined) inTheWay(carried, other, tableKey(its), search)
  }
  return search.found
}

/** A table that goes no further rests under the newest name it has: another may take the older one before it is copied. */
function restingName(
  carried: Carried,
  id: string,
  described: Described,
  state: CurrentState | undefined,
): TableName {
  const newest = nameIn(state)
  if (newest === undefined || !carried.select(newest)) return described
  return namesakes(carried, id, tableKey(newest)).length === 0 ? newest : described
}

/**
 * Gives a table that must have lost its name before this place the one it has now. What else is new in it the stream
 * tells, or the next look at the catalog.
 */
function makeWay(carried: Carried, id: string, state: CurrentState | undefined): void {
  const one = carried.byId.get(id)
  const name = nameIn(state)
  if (one === undefined || name === undefined || !carried.select(name)) return
  if (rename(carried, one, name)) carried.reroute(id, one)
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
  return evolve(table, describe(state.current.table), state.current, { emptiedBy })
}

function whyNotThere(state: CurrentState | undefined): string {
  return state?.kind === "refused" ? state.table.reason : "it was changed and dropped"
}
