import pg from "pg"
import { type CopyOptions, ignoreAllErrors, loadErrorCodes } from "../../../domain/copy.ts"
import type { CopyTarget, PartResult, RowError, TargetColumn } from "../../../loading/copy-target.ts"
import type { ParquetReader } from "../../../loading/parquet-file.ts"
import { loadParquetFile } from "../../../loading/parquet-file.ts"
import { refusalOf } from "../../../loading/refusals.ts"
import { leadingColumns } from "../../../loading/row-writer.ts"
import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { RowBuffer } from "../../../replication/values/columns.ts"
import type { Session } from "../client.ts"
import { type CopyEncoder, newCopyEncoder } from "../copy/copy-encoder.ts"
import type { LoadedColumn } from "./columns.ts"
import { type Cast, judgingVersion } from "./conversions.ts"
import {
  insertFitting,
  makePart,
  numberedTable,
  numberPart,
  type PartShape,
  partTable,
  rowsBetween,
  type Slice,
  selectOne,
  selectRaw,
  selectUnfit,
} from "./part-sql.ts"
import { withoutZeroBytes } from "./zero-bytes.ts"

export interface LoadingSession {
  /** In the transaction that the rows are to be part of. */
  session: Session
  /** As 180004 for 18.4. */
  version: number
  parquet: ParquetReader
}

/** SQLSTATE classes of what a row can be the reason of: data, constraints, limits, and what a trigger raises. */
const rowClasses = /^(22|23|54|P0)/

/** With any number of errors allowed, this many of a part are told. */
const errorsNamedAtMost = 10_000

/** One load of one table. */
interface Load {
  session: Session
  shape: PartShape
  columns: readonly TargetColumn[]
  /** Of rows of texts, with the leading columns. */
  encoder: CopyEncoder
  /** In this order until one of them does not fail. */
  casts: readonly Cast[]
}

/**
 * Loads parts into a table: each is copied into a temporary table of texts, which the server converts. A statement that fails for a
 * row's sake is taken back, and the row looked for.
 */
export function newCopyTarget(
  { session, version, parquet }: LoadingSession,
  into: string,
  loaded: readonly LoadedColumn[],
  options: CopyOptions,
): CopyTarget {
  const columns = loaded.map(targetColumn)
  const all: Load = {
    session,
    shape: { into, columns: loaded, options },
    columns,
    encoder: newCopyEncoder([
      { type: { kind: "int32" } },
      { type: { kind: "int64" } },
      ...loaded.map(() => ({ type: { kind: "text" } }) as const),
    ]),
    casts: version >= judgingVersion ? ["plain", "judging"] : ["plain"],
  }
  const load: CopyTarget["load"] = (rows, errorsAtMost) => loadPart(all, rows, errorsAtMost)
  return {
    columns,
    load,
    loadParquet: (body, file, errorsAtMost) =>
      loadParquetFile({ columns, load }, { reader: parquet, body, file, errorsAtMost }),
  }
}

async function loadPart(load: Load, rows: RowBuffer, errorsAtMost: number): Promise<PartResult> {
  const held = await stageHeld(load, rows)
  if (held.rows === 0 || held.errors.length > errorsAtMost) return { rows: 0, errors: held.errors }
  const result = await insertPart(load, held.rows, errorsAtMost - held.errors.length)
  return { rows: result.rows, errors: [...held.errors, ...result.errors] }
}

/** Answers how many rows are staged, and the errors of those that no table of the server can hold. */
async function stageHeld(load: Load, rows: RowBuffer): Promise<{ rows: number; errors: RowError[] }> {
  try {
    await stage(load, rows)
    return { rows: rows.rows, errors: [] }
  } catch (error) {
    if (!(error instanceof UnrepresentableValue)) throw error
    const { kept, errors } = withoutZeroBytes(rows, load.columns, load.shape.options)
    await stage(load, kept)
    return { rows: kept.rows, errors }
  }
}

async function stage({ session, encoder, columns }: Load, rows: RowBuffer): Promise<void> {
  const { header, trailer, format } = encoder.form
  const tuples = encoder.encode(rows)
  const names = [...leadingColumns, ...columns.map((_, index) => `c${index}`)].join(", ")
  await session.run(makePart(columns))
  await session.copyIn(`COPY ${partTable} (${names}) FROM STDIN (FORMAT ${format})`, [
    header,
    tuples,
    trailer,
  ])
}

async function insertPart(load: Load, rows: number, errorsAtMost: number): Promise<PartResult> {
  for (const cast of load.casts) {
    const result = await insert(load, { from: partTable, cast }, { rows, errorsAtMost })
    if (result !== undefined) return result
  }
  const { session } = load
  await session.run(numberPart)
  try {
    const cast = load.casts.at(-1) ?? "plain"
    return await insertBetween(load, { first: 1, last: rows }, { cast, errorsAtMost })
  } finally {
    await session.run(`DROP TABLE IF EXISTS ${numberedTable}`)
  }
}

/** Undefined: the server refuses a row, and the slice is as it was. */
async function insert(
  { session, shape, columns }: Load,
  slice: Slice,
  { rows, errorsAtMost }: { rows: number; errorsAtMost: number },
): Promise<PartResult | undefined> {
  const count = await orTakenBack(session, async () => {
    const [written] = await session.run(insertFitting(shape, slice))
    return written?.count ?? 0
  })
  if (typeof count !== "number") return undefined
  if (count === rows) return { rows: count, errors: [] }
  const limit = errorsAtMost === ignoreAllErrors ? errorsNamedAtMost : errorsAtMost + 1
  const unfit = await session.rows(selectUnfit(shape, slice, limit))
  return { rows: count, errors: unfit.map((row) => errorOf({ shape, columns }, row)) }
}

interface Search {
  cast: Cast
  errorsAtMost: number
}

/** Halves what fails until the rows stand alone that are the reason. */
async function insertBetween(
  load: Load,
  { first, last }: { first: number; last: number },
  { cast, errorsAtMost }: Search,
): Promise<PartResult> {
  const slice = { from: rowsBetween(first, last), cast }
  const whole = await insert(load, slice, { rows: last - first + 1, errorsAtMost })
  if (whole !== undefined) return whole
  if (first === last) return await insertOne(load, slice)
  const middle = Math.floor((first + last) / 2)
  const left = await insertBetween(load, { first, last: middle }, { cast, errorsAtMost })
  // With one error too many nothing of it is kept.
  const leftOver = errorsAtMost - left.errors.length
  if (leftOver < 0) return left
  const right = await insertBetween(load, { first: middle + 1, last }, { cast, errorsAtMost: leftOver })
  return { rows: left.rows + right.rows, errors: [...left.errors, ...right.errors] }
}

/** The only row of a slice, which the server is known to refuse: why. */
async function insertOne(load: Load, slice: Slice): Promise<PartResult> {
  const { session, shape } = load
  const refused = await orTakenBack(session, () => session.run(insertFitting(shape, slice)))
  if (!(refused instanceof pg.DatabaseError)) return { rows: 1, errors: [] }
  const bad = await firstUncast(load, slice)
  const [row = []] = await session.rows(selectRaw(shape, slice, bad))
  return { rows: 0, errors: [errorOf(load, row, refused)] }
}

/** The first column whose field cannot be cast; `undefined`: each can. */
async function firstUncast({ session, shape }: Load, slice: Slice): Promise<number | undefined> {
  for (const index of shape.columns.keys()) {
    const cast = await orTakenBack(session, () => session.run(selectOne(shape, slice, index)))
    if (cast instanceof pg.DatabaseError) return index
  }
  return undefined
}

/** `row`: of selectUnfit or selectRaw. `refused`: what the server said of the row, where no column is the reason. */
function errorOf(
  { shape, columns }: Pick<Load, "shape" | "columns">,
  [file, line, bad, isNull, value, raw]: (string | null)[],
  refused?: pg.DatabaseError,
): RowError {
  const index = bad === null || bad === undefined ? undefined : Number(bad)
  const column = index === undefined ? undefined : columns[index]
  const kind = index === undefined ? undefined : shape.columns[index]?.kind
  const refusal =
    column === undefined || kind === undefined
      ? { code: loadErrorCodes.unknown, reason: refused?.message ?? "", position: 0 }
      : refusalOf({ ...column, kind }, isNull === "t" ? undefined : (value ?? ""), shape.options)
  return {
    file: Number(file),
    line: Number(line),
    column,
    rawLine: raw ?? "",
    rawValue: value ?? "",
    ...refusal,
  }
}

function targetColumn({ name, kind, shownType, length }: LoadedColumn): TargetColumn {
  return {
    name,
    isJson: kind === "json",
    isText: kind === "text",
    typeName: shownType,
    ...(length !== undefined && { length }),
  }
}

/** What the server refuses for a row's sake is answered, and taken back; anything else is thrown. */
async function orTakenBack<T>(session: Session, work: () => Promise<T>): Promise<T | pg.DatabaseError> {
  await session.run("SAVEPOINT part")
  try {
    const done = await work()
    await session.run("RELEASE SAVEPOINT part")
    return done
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !rowClasses.test(error.code ?? "")) throw error
    await session.run("ROLLBACK TO SAVEPOINT part; RELEASE SAVEPOINT part")
    return error
  }
}
