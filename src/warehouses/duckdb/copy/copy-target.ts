import { rm } from "node:fs/promises"
import { type CopyOptions, loadErrorCodes } from "../../../domain/copy.ts"
import type { CopyTarget, PartResult, RowError, RunSql, TargetColumn } from "../../../loading/copy-target.ts"
import { LoadFailure } from "../../../loading/record-reader.ts"
import { refusalOf } from "../../../loading/refusals.ts"
import { leadingColumns, rawCharacters } from "../../../loading/row-writer.ts"
import type { StagedPart } from "../../../replication/contracts/warehouse.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { insertLimitRows } from "../staging/staged-rows.ts"
import type { Staging } from "../staging/staging.ts"
import { cleaned, columnKind, converted, type EngineColumn, shownType } from "./conversions.ts"
import { download, notParquet } from "./parquet-reader.ts"

/** A table as the engine spells it. */
export interface CopyTable {
  database: string
  schema: string
  name: string
}

/** The columns asked for, else all; undefined: one of them is not there. */
export async function columnsOf(
  run: RunSql,
  table: CopyTable,
  wanted: readonly string[] | undefined,
): Promise<EngineColumn[] | { missing: string }> {
  const rows = await run(
    `SELECT column_name, data_type, is_nullable::VARCHAR FROM duckdb_columns() WHERE database_name = ${quoteLiteral(table.database)}
      AND schema_name = ${quoteLiteral(table.schema)} AND table_name = ${quoteLiteral(table.name)} ORDER BY column_index`,
  )
  const all = rows.map(([name = "", type = "", isNullable]) => ({
    name,
    type,
    isNullable: isNullable === "true",
  }))
  if (wanted === undefined) return all
  const found = wanted.map((name) => all.find((one) => one.name.toLowerCase() === name.toLowerCase()))
  const missing = wanted.find((_, index) => found[index] === undefined)
  return missing === undefined ? found.filter((one) => one !== undefined) : { missing }
}

/** How a part's rows are selected: `__file` and `__line`, then a raw and a converted field per column. */
interface Part {
  rows: number
  /** A relation that knows its rows as `file_row_number`, too, from 0. */
  from: string
  raw(index: number): string
  converted(index: number): string
  /** What of a raw field the converted one is held against. */
  cleaned(index: number): string
}

/** Loads parts into a table: by staged files that the engine reads. */
export function copyTarget(
  run: RunSql,
  table: CopyTable,
  engineColumns: readonly EngineColumn[],
  options: CopyOptions,
  staging: Staging,
): CopyTarget {
  const columns: TargetColumn[] = engineColumns.map(({ name, type }) => ({
    name,
    isJson: type === "JSON",
    isText: columnKind(type) === "text",
    typeName: shownType(type),
  }))
  const names = [...leadingColumns, ...columns.map((_, index) => `c${index}`)]
  const relation = [table.database, table.schema, table.name].map(quoteIdentifier).join(".")

  const stagedPart = (part: StagedPart): Part => {
    const clean = (index: number) =>
      cleaned(columnKind(engineColumns[index]?.type ?? ""), `c${index}`, options)
    return {
      rows: part.rows,
      from: readNumbered(part.token),
      raw: (index) => `c${index}`,
      cleaned: clean,
      converted: (index) => converted(columnAt(index), `k${index}`, options),
    }
  }

  const columnAt = (index: number): EngineColumn => {
    const found = engineColumns[index]
    if (found === undefined) throw new Error(`no column ${index}`)
    return found
  }

  /** `bad`: the first column that does not take its field, or null. */
  function query(part: Part, from = part.from): string {
    const each = (make: (index: number) => string) => engineColumns.map((_, index) => make(index)).join(", ")
    const isBad = (index: number) => {
      const { type, isNullable } = columnAt(index)
      const mayBeLost = options.acceptAnyDate && /^(DATE|TIMESTAMP)/.test(type)
      const lost = mayBeLost ? "false" : `(k${index} IS NOT NULL AND v${index} IS NULL)`
      return isNullable ? lost : `(v${index} IS NULL)`
    }
    const bad = `CASE ${engineColumns.map((_, index) => `WHEN ${isBad(index)} THEN ${index}`).join(" ")} END`
    return `WITH cleaned AS (SELECT __file, __line, ${each((i) => `${part.raw(i)} AS r${i}, ${part.cleaned(i)} AS k${i}`)} FROM ${from}),
      converted AS (SELECT *, ${each((i) => `${part.converted(i)} AS v${i}`)} FROM cleaned),
      judged AS (SELECT *, ${bad} AS bad FROM converted)`
  }

  async function errorsIn(part: Part, atMost: number): Promise<RowError[]> {
    const text = (sql: string) => `coalesce(left(CAST(${sql} AS VARCHAR), ${rawCharacters}), '')`
    const value = engineColumns.map((_, index) => `WHEN ${index} THEN CAST(k${index} AS VARCHAR)`).join(" ")
    const line = engineColumns.map((_, index) => text(`r${index}`)).join(", ")
    const rows = await run(
      `${query(part)} SELECT __file, __line, bad, value IS NULL, ${text("value")}, left(raw, ${rawCharacters})
        FROM (SELECT __file, __line, bad, CASE bad ${value} END AS value, concat_ws(${quoteLiteral(delimiterOf(options))}, ${line}) AS raw
          FROM judged WHERE bad IS NOT NULL ORDER BY __file, __line LIMIT ${atMost})`,
    )
    return rows.map(([file, line, bad, isNull, rawValue = "", rawLine = ""]) => {
      const index = Number(bad)
      const column = columns[index]
      if (column === undefined) throw new Error(`no column ${bad}`)
      const kind = columnKind(columnAt(index).type)
      const refusal = refusalOf({ ...column, kind }, isNull === "true" ? undefined : rawValue, options)
      return { file: Number(file), line: Number(line), column, rawLine, rawValue, ...refusal }
    })
  }

  /** Rows are inserted as if all were right; only when some were not is it asked which. */
  async function insert(part: Part, errorsAtMost: number): Promise<PartResult> {
    const into = columns.map(({ name }) => quoteIdentifier(name)).join(", ")
    const values = columns.map((_, index) => `v${index}`).join(", ")
    let rows = 0
    for (const from of insertable(part)) {
      const [count] = await run(
        `INSERT INTO ${relation} (${into}) ${query(part, from)} SELECT ${values} FROM judged WHERE bad IS NULL`,
      )
      rows += Number(count?.[0] ?? 0)
    }
    if (rows === part.rows) return { rows, errors: [] }
    const limit = Number.isFinite(errorsAtMost) ? errorsAtMost + 1 : errorsNamedAtMost
    return { rows, errors: await errorsIn(part, limit) }
  }

  async function parquetPart(path: string, file: number): Promise<Part> {
    const found = await parquetColumns(run, path)
    if (found.length !== columns.length)
      throw new LoadFailure(
        loadErrorCodes.tooFewColumns,
        `The Parquet file has ${found.length} columns, ${columns.length} are expected`,
      )
    if (found.includes(rowNumberName))
      throw new LoadFailure(loadErrorCodes.unknown, `A column may not have the name ${rowNumberName}`)
    const field = (index: number) => quoteIdentifier(found[index] ?? "")
    const [count] = await run(`SELECT count(*) FROM read_parquet(${quoteLiteral(path)})`)
    return {
      rows: Number(count?.[0] ?? 0),
      from: `(SELECT ${file} AS __file, file_row_number + 1 AS __line, * FROM ${readNumbered(path)})`,
      raw: field,
      cleaned: field,
      converted: (index) => {
        const { type } = columnAt(index)
        return type === "JSON" ? `to_json(k${index})` : `TRY_CAST(k${index} AS ${type})`
      },
    }
  }

  return {
    columns,
    async load(rows, errorsAtMost) {
      const part = await staging.write(names, rows)
      try {
        return await insert(stagedPart(part), errorsAtMost)
      } finally {
        await staging.remove([part])
      }
    },
    async loadParquet(body, file, errorsAtMost) {
      const path = staging.newPath()
      try {
        await download(body, path)
        return await insert(await parquetPart(path, file), errorsAtMost)
      } finally {
        await rm(path, { force: true })
      }
    },
  }
}

const rowNumberName = "file_row_number"

function readNumbered(path: string): string {
  return `read_parquet(${quoteLiteral(path)}, ${rowNumberName} = true)`
}

/** The relations to insert one after the other. */
function insertable({ rows, from }: Part): string[] {
  if (rows <= insertLimitRows) return [from]
  return Array.from({ length: Math.ceil(rows / insertLimitRows) }, (_, slice) => {
    const first = slice * insertLimitRows
    return `(SELECT * FROM ${from} WHERE ${rowNumberName} BETWEEN ${first} AND ${first + insertLimitRows - 1})`
  })
}

/** With any number of errors allowed, this many of a part are told. */
const errorsNamedAtMost = 10_000

function delimiterOf({ format }: CopyOptions): string {
  return format.kind === "csv" || format.kind === "text" ? format.delimiter : ","
}

async function parquetColumns(run: RunSql, path: string): Promise<string[]> {
  try {
    const rows = await run(`DESCRIBE SELECT * FROM read_parquet(${quoteLiteral(path)})`)
    return rows.map(([name = ""]) => name)
  } catch (error) {
    throw notParquet(error)
  }
}
