import type { TableSchema } from "../../../domain/table.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import { isSent, names } from "../../sql/staged-rows.ts"
import type { Session } from "../client.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { keyColumns, keyNames, sameKey } from "../render/keys.ts"
import { copyRows, type SessionStages } from "../staging/session-stages.ts"
import { changesOf, mergeStage } from "../staging/stage-tables.ts"
import type { Staging } from "../staging/staging.ts"
import { nativeType } from "../types/native-type.ts"
import { type ChangeTuples, findTuples } from "./change-tuples.ts"
import type { Merge } from "./merge.ts"
import { isWithin, type NetRows, netRows, partial } from "./net-rows.ts"
import { keysToDelete, partialRows, takenRows, wholeRows } from "./tuple-writer.ts"

/** What a merge runs on: the session's transaction has begun. */
export interface MergeSession {
  session: Session
  stages: SessionStages
  staging: Staging
}

/** Answers `false`, and has changed nothing, where what stands on the table forbids it. */
export async function runMerge(on: MergeSession, merge: Merge): Promise<boolean> {
  if (!(await isPlain(on.session, merge))) return false
  const { run } = merge
  for await (const tuples of gathered(on.staging, merge)) {
    if (run.insertsOnly)
      await copyInto(
        on,
        merge,
        takenRows(tuples, (row) => isWithin(tuples, row, run)),
      )
    else await mergeRows(on, merge, netRows(tuples, run))
  }
  return true
}

/**
 * The table is one of ours as we made it. A trigger (each foreign key is one) would see a delete and an insert where there was an
 * update; a column of somebody's would lose what it holds. The lock keeps it so until the transaction ends.
 */
async function isPlain(session: Session, { into, table }: Merge): Promise<boolean> {
  const columns = table.columns.map(
    (column) => `(${quoteLiteral(column.name)}, ${quoteLiteral(nativeType(column))}::regtype)`,
  )
  const others = `SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND (a.attname, a.atttypid) NOT IN (SELECT v.name, v.type::oid FROM (VALUES ${columns.join(", ")}) AS v(name, type))`
  const found = await session.rows(
    `LOCK TABLE ONLY ${into} IN ROW EXCLUSIVE MODE;
    SELECT FROM pg_class AS c WHERE c.oid = ${quoteLiteral(into)}::regclass AND c.relkind = 'r'
      AND NOT (c.relhastriggers OR c.relhasrules OR c.relhassubclass OR c.relrowsecurity) AND NOT EXISTS (${others})`,
  )
  return found.length > 0
}

/** Rows that are found at once where parts are small: fewer round trips. */
const gatheredRows = 65_536

/** The run's rows part by part, small parts together. */
async function* gathered(staging: Staging, { parts, table, run }: Merge): AsyncGenerator<ChangeTuples> {
  const layout = { columns: table.columns.length, key: run.insertsOnly ? [] : (table.key ?? []) }
  for (const group of grouped(parts)) {
    const bytes: Buffer[] = []
    for (const part of group) bytes.push(await staging.read(part))
    const rows = group.reduce((sum, part) => sum + part.rows, 0)
    yield findTuples(bytes.length === 1 ? (bytes[0] as Buffer) : Buffer.concat(bytes), rows, layout)
  }
}

function grouped(parts: readonly StagedPart[]): StagedPart[][] {
  const groups: StagedPart[][] = []
  let rows = Number.POSITIVE_INFINITY
  for (const part of parts) {
    if (rows + part.rows > gatheredRows) {
      groups.push([])
      rows = 0
    }
    groups.at(-1)?.push(part)
    rows += part.rows
  }
  return groups
}

async function mergeRows(on: MergeSession, merge: Merge, net: NetRows): Promise<void> {
  const { into, table } = merge
  const keys = mergeStage(keyColumns(table), table)
  await on.stages.fillWith(keys, keysToDelete(net))
  await on.session.run(deleteByKeys(into, table, keys.name))
  await copyInto(on, merge, wholeRows(net))
  if (!net.kinds.includes(partial)) return
  const rows = mergeStage(changesOf(table), table)
  await on.stages.fillWith(rows, partialRows(net))
  await on.session.run(patch(into, table, rows.name))
}

function copyInto({ session }: MergeSession, { into, table }: Merge, rows: Iterable<Buffer>): Promise<void> {
  return copyRows(session, { into: `${into} (${names(table).join(", ")})`, format: "binary", table }, rows)
}

/**
 * A key of one column is looked up as an array: the index is walked once over, in its order. It must be the index, whatever the
 * engine believes to know of the table's size.
 */
function deleteByKeys(into: string, table: TableSchema, keys: string): string {
  const [key = "", ...others] = keyNames(table)
  if (others.length > 0)
    return `DELETE FROM ${into} AS t USING ${keys} AS s WHERE ${sameKey(table, "t.", "s.")}`
  return [
    "SET LOCAL enable_seqscan = off",
    `DELETE FROM ${into} WHERE ${key} = ANY (ARRAY(SELECT ${key} FROM ${keys}))`,
    "SET LOCAL enable_seqscan TO DEFAULT",
  ].join(";\n")
}

/** What was left unsent stays as it is. */
function patch(into: string, table: TableSchema, rows: string): string {
  const sets = table.columns.map(({ name }, index) => {
    const column = quoteIdentifier(name)
    return `${column} = CASE WHEN ${isSent(index, "s.")} THEN s.${column} ELSE t.${column} END`
  })
  return `UPDATE ${into} AS t SET ${sets.join(", ")} FROM ${rows} AS s WHERE ${sameKey(table, "t.", "s.")}`
}
