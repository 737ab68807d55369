import { type CopyOptions, ignoreAllErrors, type LoadError, loadErrorCodes } from "../domain/copy.ts"
import type { CopyTarget, PartResult, RowError } from "./copy-target.ts"
import { decompressed } from "./decompress.ts"
import { delimitedReader } from "./delimited-reader.ts"
import type { JsonPath } from "./json-paths.ts"
import { type JsonShape, jsonReader } from "./json-reader.ts"
import type { ListedObject, ObjectStore, OpenedObject } from "./object-store.ts"
import { openAhead } from "./open-ahead.ts"
import { newPartHandover, type PartHandover } from "./part-handover.ts"
import { LoadFailure, type RecordReader } from "./record-reader.ts"
import { newStagedRows, type Rejection, type StagedRows } from "./row-writer.ts"

/** Where all files' errors are looked for. */
const errorsToldPerFile = 10
/** Rows are handed to the warehouse in parts of this size: all that a load holds in memory is two of them, whatever the files'. */
const partBytes = 16 * 2 ** 20
/** Or of so many rows: warehouses take those at once. */
const partRows = 90_000

export interface FilesLoad {
  bucket: string
  store: ObjectStore
  objects: readonly ListedObject[]
  target: CopyTarget
  options: CopyOptions
  /** Of the format jsonPaths. */
  paths?: readonly JsonPath[]
  signal?: AbortSignal
  /** Whether an object, as it was opened, is to be left out. */
  isKnown?(opened: OpenedObject): boolean
  /** Every file is looked at, whatever is wrong with others: nothing of it is kept then. Default: the first error too many ends it. */
  findsAllErrors?: boolean
  /** Asked now and then; throws when the load is to end. */
  alive?(): Promise<void>
}

export interface LoadOutcome {
  rows: number
  /** As they were opened, which may be newer than they were listed. Those that are gone are left out. */
  files: OpenedObject[]
  errors: LoadError[]
  /** There are more errors than are allowed: nothing of it may be kept. */
  isOver: boolean
}

/**
 * Loads files into a table, within the caller's transaction. Errors in rows and files are in the outcome; whatever
 * else goes wrong is thrown (Problem).
 */
export async function loadFiles(load: FilesLoad): Promise<LoadOutcome> {
  const tally = newTally(load)
  const staged = newStagedRows(trimmedFields(load), tally.reject)
  const parts = newPartHandover(load.target, staged, tally.take)
  try {
    await readAll(load, tally, staged, parts)
  } finally {
    // Whatever went wrong: the transaction is the caller's again when nothing of ours runs in it.
    await parts.settled()
  }
  return tally.outcome
}

/** What has come of a load so far. */
interface Tally {
  readonly outcome: LoadOutcome
  note(error: LoadError): void
  take(result: PartResult): void
  reject(rejection: Rejection, file: number): void
  /** More of this file need not be read. */
  isEnough(key: string): boolean
  isEnd(): boolean
  /** How many more may be passed over. */
  errorsLeft(): number
}

function newTally(load: FilesLoad): Tally {
  const { options, findsAllErrors = false } = load
  const outcome: LoadOutcome = { rows: 0, files: [], errors: [], isOver: false }
  const errorsOf = new Map<string, number>()
  const note = (error: LoadError) => {
    const count = (errorsOf.get(error.key) ?? 0) + 1
    errorsOf.set(error.key, count)
    if (!findsAllErrors || count <= errorsToldPerFile) outcome.errors.push(error)
    if (outcome.errors.length > options.maxErrors) outcome.isOver = true
  }
  const isEnd = () => outcome.isOver && !findsAllErrors
  return {
    outcome,
    note,
    take({ rows, errors }) {
      outcome.rows += rows
      for (const error of errors) note(rowError(load, outcome.files[error.file], error))
    },
    reject: (rejection, file) => note(rejectionError(load, outcome.files[file], rejection)),
    isEnough: (key) => isEnd() || (findsAllErrors && errorsOf.has(key)),
    isEnd,
    errorsLeft: () =>
      findsAllErrors ? ignoreAllErrors : Math.max(0, options.maxErrors - outcome.errors.length),
  }
}

async function readAll(
  load: FilesLoad,
  tally: Tally,
  staged: StagedRows,
  parts: PartHandover,
): Promise<void> {
  const { outcome } = tally
  const flush = async () => {
    if (staged.rows > 0 && !tally.isEnd()) await parts.hand(tally.errorsLeft)
  }
  for await (const opened of openAhead(load.store, load.objects, load.signal)) {
    await load.alive?.()
    if (load.isKnown?.(opened) === true) continue
    const file = outcome.files.push(opened) - 1
    try {
      if (load.options.format.kind === "parquet")
        tally.take(await load.target.loadParquet(opened.body, file, tally.errorsLeft()))
      else
        await readInto(load, staged, opened, file, async () => {
          if (staged.bytes() >= partBytes || staged.rows >= partRows) await flush()
          return tally.isEnough(opened.key)
        })
    } catch (error) {
      if (!(error instanceof LoadFailure)) throw error
      tally.note(fileError(load, opened, error))
      // What was read of it before must not stay, however many errors are allowed.
      outcome.isOver = true
    }
    if (tally.isEnd()) return
  }
  await flush()
}

/** The fields of a row as it is staged: whether each is trimmed. */
function trimmedFields({ paths, target, options }: FilesLoad): boolean[] {
  const width = options.format.kind === "jsonPaths" ? (paths?.length ?? 0) : target.columns.length
  if (width === target.columns.length) return target.columns.map(({ isText }) => !isText)
  throw new LoadFailure(
    loadErrorCodes.tooFewColumns,
    `The JSONPaths file has ${width} paths for ${target.columns.length} columns`,
  )
}

async function readInto(
  load: FilesLoad,
  staged: StagedRows,
  opened: OpenedObject,
  file: number,
  full: () => Promise<boolean>,
): Promise<void> {
  staged.beginFile(file)
  const reader = readerOf(load, staged)
  for await (const chunk of decompressed(opened.body, load.options.compression)) {
    reader.push(chunk)
    if (await full()) return
    await load.alive?.()
  }
  reader.end()
  await full()
}

function readerOf({ options, target, paths = [] }: FilesLoad, staged: StagedRows): RecordReader {
  const { format } = options
  const keepsJson = target.columns.map(({ isJson }) => isJson)
  const json = (shape: JsonShape) => jsonReader(shape, keepsJson, options, staged)
  switch (format.kind) {
    case "csv":
    case "text":
      return delimitedReader(format, options, staged)
    case "json":
      return json({
        kind: "names",
        columns: target.columns.map(({ name }) => name),
        ignoreCase: format.ignoreCase,
      })
    case "jsonWhole":
      return json({ kind: "whole" })
    case "jsonPaths":
      return json({ kind: "paths", paths })
    case "parquet":
      throw new Error("Parquet is not read by rows")
  }
}

const nowhere = { column: "", columnType: "", columnLength: "", position: 0, rawLine: "", rawValue: "" }

function rejectionError(
  { bucket, target }: FilesLoad,
  opened: OpenedObject | undefined,
  { field, ...rejection }: Rejection,
): LoadError {
  const column = field === undefined ? undefined : target.columns[field]
  return {
    ...nowhere,
    ...rejection,
    bucket,
    key: opened?.key ?? "",
    column: column?.name ?? "",
    columnType: column?.typeName ?? "",
    columnLength: column?.length === undefined ? "" : String(column.length),
  }
}

function rowError(
  { bucket }: FilesLoad,
  opened: OpenedObject | undefined,
  { file: _, column, ...error }: RowError,
): LoadError {
  return {
    ...nowhere,
    ...error,
    bucket,
    key: opened?.key ?? "",
    column: column?.name ?? "",
    columnType: column?.typeName ?? "",
    columnLength: column?.length === undefined ? "" : String(column.length),
  }
}

function fileError({ bucket }: FilesLoad, { key }: ListedObject, failure: LoadFailure): LoadError {
  return { ...nowhere, bucket, key, line: failure.line, code: failure.code, reason: failure.message }
}
