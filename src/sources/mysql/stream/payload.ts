import { createZstdDecompress, zstdDecompressSync } from "node:zlib"
import { Problem } from "../../../domain/problems.ts"
import { uint32 } from "../types/numbers.ts"
import { readLength } from "./table-map.ts"

/** A transaction in one event (binlog_transaction_compression): all its other events, without checksums. */
export interface Payload {
  /** A copy. */
  packed: Buffer
  /** What it unpacks to, as the server says. */
  unpackedBytes: number
  isCompressed: boolean
}

/** Takes one event with its header. */
export type TakeEvent = (bytes: Buffer, start: number, end: number) => void

const fields = { end: 0, compression: 2, unpackedBytes: 3 } as const
const kinds = { zstd: 0, none: 255 } as const

/** Numbered fields with their lengths, up to a mark; then what is packed. */
export function readPayload(bytes: Buffer, start: number, end: number): Payload {
  const cursor = { at: start }
  let kind: number = kinds.none
  let unpackedBytes = 0
  while (cursor.at < end) {
    const field = readLength(bytes, cursor)
    if (field === fields.end) break
    const length = readLength(bytes, cursor)
    const value = { at: cursor.at }
    if (field === fields.compression) kind = readLength(bytes, value)
    else if (field === fields.unpackedBytes) unpackedBytes = readLength(bytes, value)
    cursor.at += length
  }
  if (kind !== kinds.zstd && kind !== kinds.none)
    throw new Problem(
      "sourceProtocol",
      "The source compresses its transactions in a way that is not known here.",
    )
  return {
    packed: Buffer.from(bytes.subarray(cursor.at, end)),
    unpackedBytes,
    isCompressed: kind === kinds.zstd,
  }
}

/** What is larger is unpacked piece by piece, off the main thread. */
const largestAtOnce = 8 * 2 ** 20
const pieceBytes = 256 * 1024

export function isSmall({ packed, unpackedBytes, isCompressed }: Payload): boolean {
  return !isCompressed || Math.max(packed.length, unpackedBytes) <= largestAtOnce
}

export function unpackAtOnce(payload: Payload, take: TakeEvent): void {
  const cutter = newCutter(take)
  cutter.feed(
    payload.isCompressed
      ? zstdDecompressSync(payload.packed, { maxOutputLength: largestAtOnce })
      : payload.packed,
  )
  cutter.end()
}

/** Between pieces it waits for `between`; that gives `false`: the rest is not wanted. */
export async function unpackInPieces(
  payload: Payload,
  take: TakeEvent,
  between: () => Promise<boolean>,
): Promise<void> {
  const cutter = newCutter(take)
  const unpacked = createZstdDecompress({ chunkSize: pieceBytes })
  unpacked.end(payload.packed)
  for await (const piece of unpacked) {
    cutter.feed(piece as Buffer)
    // Leaving the loop destroys the stream.
    if (!(await between())) return
  }
  cutter.end()
}

const [lengthAt, headerBytes] = [9, 19]

/** Cuts pieces of bytes into events, of which each has its length in its header. */
function newCutter(take: TakeEvent): { feed(piece: Buffer): void; end(): void } {
  let held: Buffer[] = []
  let heldBytes = 0
  /** Bytes of the event that is held in part, as far as they are known. */
  let wanted = headerBytes

  function feed(piece: Buffer): void {
    held.push(piece)
    heldBytes += piece.length
    if (heldBytes < wanted) return
    const bytes = held.length === 1 ? piece : Buffer.concat(held)
    let at = 0
    wanted = headerBytes
    while (at + headerBytes <= bytes.length) {
      const length = uint32(bytes, at + lengthAt)
      if (length < headerBytes) throw notWhole()
      if (at + length > bytes.length) {
        wanted = length
        break
      }
      take(bytes, at, at + length)
      at += length
    }
    held = at === bytes.length ? [] : [bytes.subarray(at)]
    heldBytes = bytes.length - at
  }

  return {
    feed,
    end() {
      if (heldBytes > 0) throw notWhole()
    },
  }
}

function notWhole(): Problem {
  return new Problem("sourceProtocol", "The source's log holds a compressed transaction that is not whole.")
}
