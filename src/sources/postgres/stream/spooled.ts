import type { Position } from "../../../domain/position.ts"
import type { Spool } from "../../../replication/spool/spool.ts"
import type { PgTable } from "../catalog/catalog.ts"
import { mapType } from "../types/types.ts"

/**
 * What is in a spool's blocks: messages of pgoutput, each behind its length in 4 bytes; and in its preambles: the tables
 * as the catalog described them, and the newest Relation message of each, for the server sends it once.
 */
const lengthBytes = 4

export function* messagesOf(block: Buffer): Generator<Buffer> {
  for (let at = 0; at < block.length; ) {
    const start = at + lengthBytes
    at = start + block.readUInt32LE(at)
    yield block.subarray(start, at)
  }
}

/** Messages that wait to be written. */
export interface Frames {
  readonly bytes: number
  put(bytes: Buffer, start: number, end: number): void
  /** Everything so far is whole transactions, up to `position`. */
  mark(position: Position): void
  /** What is whole, and up to where; if nothing is, and it is more than `partBytes`, all of it. */
  take(partBytes: number): { bytes: Buffer; position: Position | undefined } | undefined
}

const firstCapacity = 256 * 1024

export function newFrames(): Frames {
  let buffer = Buffer.allocUnsafe(firstCapacity)
  let used = 0
  let whole = 0
  let wholeTo: Position | undefined
  return {
    get bytes() {
      return used
    },
    put(bytes, start, end) {
      const length = end - start
      if (used + lengthBytes + length > buffer.length) {
        const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, used + lengthBytes + length))
        buffer.copy(larger, 0, 0, used)
        buffer = larger
      }
      buffer.writeUInt32LE(length, used)
      bytes.copy(buffer, used + lengthBytes, start, end)
      used += lengthBytes + length
    },
    mark(position) {
      whole = used
      wholeTo = position
    },
    take(partBytes) {
      const isWhole = whole > 0
      if (!isWhole && used < partBytes) return undefined
      const length = isWhole ? whole : used
      const bytes = Buffer.from(buffer.subarray(0, length))
      // A large value must not keep its memory for ever.
      const rest = Buffer.allocUnsafe(Math.max(firstCapacity, used - length))
      buffer.copy(rest, 0, length, used)
      buffer = rest
      used -= length
      whole = 0
      return { bytes, position: isWhole ? wholeTo : undefined }
    },
  }
}

interface Preamble {
  tables: StoredTable[]
  /** Base64. */
  relations: string[]
}

interface StoredTable extends Omit<PgTable, "columns"> {
  columns: Omit<PgTable["columns"][number], "mapping">[]
}

export function encodePreamble(tables: readonly PgTable[], relations: Iterable<Buffer>): Buffer {
  const stored = tables.map((table) => ({
    ...table,
    columns: table.columns.map(({ mapping: _, ...column }) => column),
  }))
  const preamble: Preamble = {
    tables: stored,
    relations: [...relations].map((message) => message.toString("base64")),
  }
  return Buffer.from(JSON.stringify(preamble))
}

export function relationsOf(preamble: Buffer): Buffer[] {
  return parse(preamble).relations.map((text) => Buffer.from(text, "base64"))
}

/** The tables as they were when the spool's changes were made, which the source's own catalog may no longer show. */
export async function spooledTables(spool: Spool | undefined): Promise<PgTable[]> {
  return ((await spool?.preambles()) ?? []).flatMap((preamble) =>
    parse(preamble).tables.map((table) => ({
      ...table,
      columns: table.columns.map((column) => ({ ...column, mapping: mapType(column.facts) })),
    })),
  )
}

/** Checksummed, and written by ourselves. */
function parse(preamble: Buffer): Preamble {
  return JSON.parse(preamble.toString("utf8")) as Preamble
}
