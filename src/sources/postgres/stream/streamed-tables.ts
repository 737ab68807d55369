import type { PgTable } from "../catalog/catalog.ts"
import type { CurrentState } from "../catalog/current-tables.ts"
import { withLeaf } from "../catalog/leaf-partitions.ts"
import { revisionOf } from "../catalog/revision.ts"
import { isDescribed } from "./relation.ts"
import {
  type Carried,
  type Description,
  letGo,
  type Question,
  questionOf,
  type StreamedTable,
  settle,
} from "./table-evolutions.ts"
import { xidDistance } from "./xid.ts"

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
  described(description: Description, commitLsn: bigint): Question | undefined
  /** The stream has come to where the catalog had these states, and the tables were `before` when it was read. */
  settle(before: ReadonlyMap<string, PgTable>, states: ReadonlyMap<string, CurrentState>): void
}

/** The tables whose rows the stream takes, as they are at the place it has come to. */
export function newStreamedTables(options: Omit<Carried, "byId">): StreamedTables {
  const carried: Carried = { ...options, byId: new Map() }
  const { byId } = carried
  return {
    include(table, from, confirmedBefore) {
      byId.set(table.schema.id, { table, from, confirmedBefore, emptiedBy: new Set() })
    },
    exclude: (id) => letGo(carried, id),
    given(before) {
      for (const one of byId.values()) if (one.from < before) one.from = before
    },
    get: (id) => byId.get(id),
    filled: (id, leaf) => filled(carried, id, leaf),
    truncated: (id, xid) => void byId.get(id)?.emptiedBy.add(String(xid)),
    described: (description, commitLsn) => described(carried, description, commitLsn),
    settle: (before, states) => settle(carried, before, states),
  }
}

function filled({ byId, sink, reroute }: Carried, id: string, leaf: string): void {
  const one = byId.get(id)
  if (one === undefined) return
  const storage = withLeaf(one.table.storage, leaf)
  if (storage === one.table.storage) return
  const table = { ...one.table, storage }
  one.table = { ...table, schema: { ...table.schema, revision: revisionOf(table) } }
  sink.revised(one.table.schema)
  reroute(id, one)
}

function described(carried: Carried, description: Description, commitLsn: bigint): Question | undefined {
  const { byId, route } = carried
  const { id, described, xid } = description
  const one = byId.get(id)
  if (one === undefined) return void route(id, undefined)
  const isSame = isDescribed(one.table, described)
  // Before `from` it may well have been otherwise.
  if (commitLsn < one.from) return void route(id, isSame ? one : undefined)
  const isConfirmed = one.confirmedBefore !== undefined && xidDistance(xid, one.confirmedBefore) < 0
  if (isSame && isConfirmed) return void route(id, one)
  route(id, undefined)
  return questionOf(carried, description, [id])
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
