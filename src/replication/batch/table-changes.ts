import type { TableSchema } from "../../domain/table.ts"
import type { RowKind, TableSink } from "../contracts/change-sink.ts"
import type { Alteration, Run, StagedPart } from "../contracts/warehouse.ts"
import {
  bufferedBytes,
  type ColumnBuffer,
  endRow,
  newRowBuffer,
  putBoolean,
  putInt32,
  putNull,
  putSafeInteger,
  putText,
  type RowBuffer,
} from "../values/columns.ts"
import type { RowBufferPool } from "./row-buffer-pool.ts"

/** Numbers the changes of one batch across its tables: the value of `_seq` in staged rows. */
export interface Sequence {
  next: number
}

export interface GatheredOptions {
  /** The alteration that precedes these changes and gives the table its present columns. */
  alteration?: Alteration<RowBuffer>
  keepsVersions?: boolean
  /** Changes of the same table gathered before that alteration. */
  before?: GatheredChanges | undefined
  spares?: RowBufferPool
}

/** The changes of one table in the batch being gathered. */
export class GatheredChanges implements TableSink {
  readonly table: TableSchema
  /** The alteration as decoded; `alteration` is set once its values are staged. */
  readonly decodedAlteration: Alteration<RowBuffer> | undefined
  alteration: Alteration<StagedPart> | undefined
  readonly parts: StagedPart[] = []
  readonly runs: Run[] = []
  /** Commit times of the changes, where the table keeps versions; `commits` is set once they are staged. */
  readonly commitTimes: RowBuffer | undefined
  commits: StagedPart | undefined
  rows: RowBuffer
  columns: readonly ColumnBuffer[]
  /**
   * For changes held beside a copy: the table as which the copy goes live, if its revision at the source changed
   * since.
   */
  revised: TableSchema | undefined
  /** Changes gathered, staged ones included. */
  count = 0
  /** Rows being written into `parts`; a batch with this table awaits them. */
  staging: Promise<void> = Promise.resolve()
  readonly #sequence: Sequence
  readonly #spares: RowBufferPool | undefined
  #unchangedNow: number[] = []
  #run: Exclude<Run, { kind: "truncate" }> | undefined
  #reached = new Set<string>()
  #leaving = ""
  /** Whether the transaction being decoded has changed the table. */
  #hasBegun = false

  constructor(
    table: TableSchema,
    sequence: Sequence,
    { alteration, keepsVersions = false, before, spares }: GatheredOptions = {},
  ) {
    this.table = table
    this.#spares = spares
    this.decodedAlteration = alteration
    this.#sequence = sequence
    this.commitTimes = keepsVersions ? newRowBuffer([{ kind: "int32" }, { kind: "timestamp" }]) : undefined
    if (before !== undefined) this.#hasBegun = before.#hasBegun
    this.rows = this.#newRows()
    this.columns = this.rows.columns
  }

  get row(): number {
    return this.rows.rows
  }

  get bytes(): number {
    return bufferedBytes(this.rows) + (this.commitTimes === undefined ? 0 : bufferedBytes(this.commitTimes))
  }

  unchanged(column: number): void {
    this.#unchangedNow.push(column)
  }

  end(kind: RowKind): void {
    const seq = this.#sequence.next++
    const { columns } = this.rows
    const own = this.table.columns.length
    putInt32(columns[own] as ColumnBuffer, seq)
    putBoolean(columns[own + 1] as ColumnBuffer, kind === "delete" || kind === "moveFrom")
    const run = this.#runFor(kind, seq)
    run.last = seq
    this.#endUnchanged(columns[own + 2] as ColumnBuffer, run)
    endRow(this.rows)
    this.count++
    this.#hasBegun = true
  }

  /** The transaction that changed it has ended. */
  committed(atMs: number): void {
    if (!this.#hasBegun) return
    this.#hasBegun = false
    const { commitTimes: commits } = this
    if (commits === undefined) return
    const [last, at] = commits.columns as [ColumnBuffer, ColumnBuffer]
    putInt32(last, this.#sequence.next - 1)
    putSafeInteger(at, Math.round(atMs * 1_000))
    endRow(commits)
  }

  truncate(): void {
    this.#run = undefined
    if (this.commitTimes !== undefined) {
      this.runs.push({ kind: "truncate", at: this.#sequence.next++, ...this.#continuation() })
      this.#hasBegun = true
      return
    }
    // After TRUNCATE earlier changes of the table in this batch need not be applied.
    this.runs.length = 0
    this.runs.push({ kind: "truncate" })
  }

  /** Has the gathered rows staged; new rows go into another buffer meanwhile. */
  async stageRows(write: (rows: RowBuffer) => Promise<StagedPart>): Promise<void> {
    const taken = this.rows
    this.rows = this.#newRows()
    this.columns = this.rows.columns
    this.staging = write(taken).then((part) => {
      this.parts.push(part)
      this.#spares?.give(this.table, taken)
    })
    await this.staging
  }

  #continuation(): { continued?: true } {
    return this.#hasBegun && this.commitTimes !== undefined ? { continued: true } : {}
  }

  #newRows(): RowBuffer {
    const spare = this.#spares?.take(this.table)
    if (spare !== undefined) return spare
    const own = this.table.columns.map((column) => column.type)
    return newRowBuffer([...own, { kind: "int32" }, { kind: "boolean" }, { kind: "text" }])
  }

  #endUnchanged(marks: ColumnBuffer, run: Exclude<Run, { kind: "truncate" }>): void {
    if (this.#unchangedNow.length === 0) return putNull(marks, this.rows.rows)
    const unsent = new Set(this.#unchangedNow)
    putText(marks, this.table.columns.map((_, index) => (unsent.has(index) ? "1" : "0")).join(""))
    for (const column of unsent) if (!run.unchanged.includes(column)) run.unchanged.push(column)
    this.#unchangedNow = []
  }

  #runFor(kind: RowKind, seq: number): Exclude<Run, { kind: "truncate" }> {
    switch (kind) {
      case "insert":
        return this.#changesRun(seq, true)
      case "update":
      case "delete":
        return this.#changesRun(seq, false)
      case "moveFrom":
        this.#leaving = this.#keyOfRow()
        return this.#movesRun(seq, this.#reached.has(this.#leaving))
      case "moveTo": {
        this.#reached.add(this.#keyOfRow())
        return this.#movesRun(seq, false)
      }
    }
  }

  #changesRun(seq: number, insert: boolean): Exclude<Run, { kind: "truncate" }> {
    if (this.#run?.kind !== "changes") {
      this.#run = {
        kind: "changes",
        first: seq,
        last: seq,
        insertsOnly: true,
        unchanged: [],
        ...this.#continuation(),
      }
      this.runs.push(this.#run)
    }
    if (!insert) this.#run.insertsOnly = false
    return this.#run
  }

  #movesRun(seq: number, conflict: boolean): Exclude<Run, { kind: "truncate" }> {
    if (this.#run?.kind !== "moves" || conflict) {
      this.#run = { kind: "moves", first: seq, last: seq, unchanged: [], ...this.#continuation() }
      this.runs.push(this.#run)
      this.#reached.clear()
    }
    return this.#run
  }

  /**
   * The packed key of the row being ended as text: equal keys give equal text. Computed for updates that change a key
   * only.
   */
  #keyOfRow(): string {
    return (this.table.key ?? [])
      .map((index) => lastValue(this.rows.columns[index] as ColumnBuffer, this.row))
      .join("|")
  }
}

function lastValue(column: ColumnBuffer, row: number): string {
  if (column.nulls[row] === 1) return "null"
  return column.bytes.toString("base64", startOfLast(column), column.usedBytes)
}

/** Where the value written last begins. Text is found by its length, from the row's own start. */
function startOfLast(column: ColumnBuffer): number {
  switch (column.type.kind) {
    case "boolean":
      return column.usedBytes - 1
    case "int16":
    case "int32":
    case "date":
    case "float32":
      return column.usedBytes - 4
    case "int64":
    case "timestamp":
    case "timestamptz":
    case "float64":
      return column.usedBytes - 8
    case "uuid":
      return column.usedBytes - 16
    case "decimal":
      return column.usedBytes - (column.type.precision <= 18 ? 8 : 16)
    case "text":
    case "json":
    case "bytes":
      return column.lastStart
  }
}
