/** What users of the warehouse have done to a table of ours, so that the server refuses what a batch brings. */
import pg from "pg"
import type { TableName, TableSchema } from "../../domain/table.ts"
import { occupiedByOthers } from "../../replication/batch/room.ts"
import { versionColumns } from "../../replication/contracts/versions.ts"
import { plainMessage } from "../../replication/plain-message.ts"
import type { StepActions } from "../sql/blamed-table.ts"
import type { Read } from "./bookkeeping.ts"
import { isLockTimeout, valueRefusal } from "./errors.ts"
import type { Names } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"
import { keyPrefix } from "./render/keys.ts"
import { nativeType } from "./types/native-type.ts"

/** SQLSTATE classes of the connection, the session, the server's resources and its state: they say nothing of a table. */
const ofTheServer = /^(08|25|26|28|40|53|57|58|F0|XX)/

/** Whether the server refuses a statement for what its table is, or what is on it: a trigger may raise any code. */
export function isOfTable(error: unknown): error is pg.DatabaseError {
  return (
    error instanceof pg.DatabaseError &&
    error.code !== undefined &&
    !ofTheServer.test(error.code) &&
    !isLockTimeout(error)
  )
}

/** Constraints and constraint triggers on the steps' tables that the server tests at the commit; quoted, whole. */
export async function deferredConstraints<Step extends StepActions<unknown>>(
  reader: Read,
  steps: readonly Step[],
): Promise<{ step: Step; constraint: string }[]> {
  const changing = steps.filter(({ blamed }) => blamed !== undefined)
  if (changing.length === 0) return []
  const lives = changing.map(({ live }, index) => `(${index}, to_regclass(${quoteLiteral(live)}))`)
  const found = await reader.rows(
    `SELECT DISTINCT v.n, quote_ident(n.nspname) || '.' || quote_ident(c.conname)
    FROM (VALUES ${lives.join(", ")}) AS v(n, live) JOIN pg_trigger AS t ON t.tgrelid = v.live AND t.tginitdeferred
    JOIN pg_constraint AS c ON c.oid = t.tgconstraint JOIN pg_namespace AS n ON n.oid = c.connamespace ORDER BY 1, 2`,
  )
  return found.flatMap(([index, constraint]) => {
    const step = changing[Number(index)]
    return step === undefined || typeof constraint !== "string" ? [] : [{ step, constraint }]
  })
}

const resynced = "It is resynced by itself, which undoes that."
export const droppedThere = `Its table in the warehouse was dropped or renamed there. ${resynced}`
const replaced =
  "In its place in the warehouse stands a table that Millrace did not make, or one that has lost its key: it is left alone. Rename or drop it; the table is then copied by itself."
const thenResync = "Undo that, then resync the table; it is also tried again by itself."

/**
 * Why the server refuses what comes for a table, and what becomes of it, for people; `undefined`: that lies not with the table.
 * `live`: where it stands, quoted, whole. `schema`: absent where it is not known. Holds no value.
 */
export async function alterationRefusal(
  reader: Read,
  names: Names,
  { live, schema, error }: { live: string; schema: TableSchema | undefined; error: pg.DatabaseError },
): Promise<string | undefined> {
  const there = await standingAt(reader, names, live)
  if (!there.mayUseSchema) return undefined
  if (there.oid === undefined) return droppedThere
  const others = notOurs(there, live)
  if (others !== undefined) return others
  if (schema !== undefined && (await isAnother(reader, there, live, schema))) return replaced
  const column = schema && (await alteredColumn(reader, live, schema))
  if (column !== undefined) return `${column} ${resynced}`
  const onTable = refusedBy(error, `${names.booksSchema}.`)
  if (onTable === undefined && valueRefusal(error) !== undefined) return valueRefusal(error)
  return `${onTable ?? refusedOtherwise(error)} ${there.isUsed ? thenResync : resynced}`
}

/** Names in what the server says of constraints and columns are of the catalog; values are only in its detail. */
function refusedBy(
  { code, constraint, column, where }: pg.DatabaseError,
  ourRoutines: string,
): string | undefined {
  if (constraint !== undefined)
    return `Constraint or unique index ${constraint}, which is on its table in the warehouse, refuses a row (SQLSTATE ${code}).`
  if (code === "23502" && column !== undefined)
    return `Its column ${column} is NOT NULL in the warehouse, and a row has none there (SQLSTATE ${code}).`
  // The innermost comes first; ours run none but what stands on the table.
  const [, routine] = /function ([^(]+)\(/.exec(where ?? "") ?? []
  if (routine !== undefined && !routine.replaceAll('"', "").startsWith(ourRoutines))
    return `A trigger on its table in the warehouse, function ${routine}, refuses a change (SQLSTATE ${code}).`
  return undefined
}

/** Classes whose messages name objects, never values. */
const namesObjects = /^(0A|2B|42|55)/

function refusedOtherwise(error: pg.DatabaseError): string {
  const said = namesObjects.test(error.code ?? "") ? `: ${plainMessage(error)}` : ""
  return `Its table in the warehouse, or what was put on it there, refuses a change (SQLSTATE ${error.code})${said}.`
}

interface StandingThere {
  oid: string | undefined
  mayUseSchema: boolean
  isTable: boolean
  /** This role may alter and drop it. */
  isOurs: boolean
  owner: string
  self: string
  /** Has an index that only a table of ours has. */
  hasKey: boolean
  /** Has something of users' on it that stays through a resync. */
  isUsed: boolean
}

async function standingAt(reader: Read, names: Names, live: string): Promise<StandingThere> {
  const used = `${quoteIdentifier(names.booksSchema)}.is_used(c.oid)`
  const [row = []] = await reader.rows(
    `SELECT c.oid, n.oid IS NULL OR has_schema_privilege(n.oid, 'USAGE'), c.relkind IN ('r', 'p'), pg_has_role(c.relowner, 'USAGE'), pg_get_userbyid(c.relowner), current_user, ${used},
      EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS k ON k.oid = i.indexrelid WHERE i.indrelid = c.oid AND starts_with(k.relname, '${keyPrefix}'))
    FROM parse_ident(${quoteLiteral(live)}) AS p(name) LEFT JOIN pg_namespace AS n ON n.nspname = p.name[1]
    LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = p.name[2]`,
  )
  const [oid, mayUse, isTable, isOurs, owner, self, isUsed, hasKey] = row
  return {
    oid: oid ?? undefined,
    mayUseSchema: mayUse === "t",
    isTable: isTable === "t",
    isOurs: isOurs === "t",
    owner: quoteIdentifier(owner ?? ""),
    self: quoteIdentifier(self ?? ""),
    hasKey: hasKey === "t",
    isUsed: isUsed === "t",
  }
}

interface WantedColumn {
  name: string
  type: string
}

const wantedColumns = ({ columns }: TableSchema): WantedColumn[] =>
  columns.map((column) => ({ name: column.name, type: nativeType(column) }))

/** The first column that is not there as it was made, and its type; `null`: there is none of that name. */
async function firstAltered(
  reader: Read,
  live: string,
  columns: readonly WantedColumn[],
): Promise<[name: string | null | undefined, type: string | null | undefined] | undefined> {
  const wanted = columns.map(
    ({ name, type }, index) => `(${index}, ${quoteLiteral(name)}, ${quoteLiteral(type)}::regtype)`,
  )
  const [found] = await reader.rows(
    `SELECT v.name, format_type(a.atttypid, a.atttypmod) FROM (VALUES ${wanted.join(", ")}) AS v(n, name, type)
    LEFT JOIN pg_attribute AS a ON a.attrelid = to_regclass(${quoteLiteral(live)}) AND a.attname = v.name AND NOT a.attisdropped
    WHERE a.atttypid IS DISTINCT FROM v.type::oid ORDER BY v.n LIMIT 1`,
  )
  return found && [found[0], found[1]]
}

async function alteredColumn(reader: Read, live: string, schema: TableSchema): Promise<string | undefined> {
  const found = await firstAltered(reader, live, wantedColumns(schema))
  if (found === undefined) return undefined
  const [name, type] = found
  return type === null || type === undefined
    ? `Its column ${name} was dropped or renamed in the warehouse.`
    : `Its column ${name} was changed to type ${type} in the warehouse.`
}

const versionTypes: readonly WantedColumn[] = versionColumns.map((name, index) => ({
  name,
  type: index === 0 ? "boolean" : "timestamp without time zone",
}))

/** Whether a table of versions is still there with all that it recorded. `from`: as it was made. */
export async function hasItsVersions(reader: Read, names: Names, from: TableSchema): Promise<boolean> {
  const wanted = [...wantedColumns(from), ...versionTypes]
  return (await firstAltered(reader, names.live(from), wanted)) === undefined
}

/**
 * Why a copy cannot take the place of what stands at `live`, which is recorded as ours; `undefined`: it can. `held`: as it was made;
 * absent where that is not known.
 */
export async function placeRefusal(
  reader: Read,
  names: Names,
  { live, held }: { live: string; held: TableSchema | undefined },
): Promise<string | undefined> {
  const there = await standingAt(reader, names, live)
  if (there.oid === undefined) return undefined
  const others = notOurs(there, live)
  if (others !== undefined || held === undefined) return others
  return (await isAnother(reader, there, live, held)) ? replaced : undefined
}

/** Whether it is, by what can be seen, not the table that was made: neither its index nor, wholly, its columns. */
async function isAnother(
  reader: Read,
  { hasKey }: StandingThere,
  live: string,
  schema: TableSchema,
): Promise<boolean> {
  if (hasKey) return false
  if (schema.key !== undefined) return (await alteredColumn(reader, live, schema)) !== undefined
  const names = schema.columns.map(({ name }) => quoteLiteral(name)).join(", ")
  const found = await reader.rows(
    `SELECT FROM pg_attribute WHERE attrelid = to_regclass(${quoteLiteral(live)}) AND attname IN (${names}) LIMIT 1`,
  )
  return found.length === 0
}

function notOurs({ isTable, isOurs, owner, self }: StandingThere, live: string): string | undefined {
  if (!isTable) return occupiedByOthers().message
  if (isOurs) return undefined
  return `Its table in the warehouse belongs to role ${owner} now: ALTER TABLE ${live} OWNER TO ${self}, then resync the table; it is also tried again by itself.`
}

/** Of tables, those of which nothing stands in their places. */
export async function missing<T extends TableName>(
  reader: Read,
  names: Names,
  tables: readonly T[],
): Promise<T[]> {
  if (tables.length === 0) return []
  const lives = tables.map((table, index) => `(${index}, ${quoteLiteral(names.live(table))})`)
  const found = await reader.rows(
    `SELECT n FROM (VALUES ${lives.join(", ")}) AS v(n, live) WHERE to_regclass(live) IS NULL`,
  )
  return found.flatMap(([index]) => tables[Number(index)] ?? [])
}
