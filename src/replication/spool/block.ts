import { crc32 } from "node:zlib"
import { type Position, positionFrom } from "../../domain/position.ts"

/**
 * What a segment is made of, one after another: a head of 12 bytes (length of what follows it, checksum of all behind
 * the checksum, kind, a byte unused, length of the position), the position as text, the bytes.
 * - `head`: says where the segment begins;
 * - `preamble`: what the source needs to read the segment without those before it;
 * - `part`: changes that end inside a transaction;
 * - `whole`: changes up to `position`, and nothing of the next transaction.
 */
export type BlockKind = "head" | "preamble" | "part" | "whole"

export interface Block {
  kind: BlockKind
  /** `undefined` for a preamble and a part. */
  position: Position | undefined
  bytes: Buffer
}

export const blockHeadBytes = 12
const checkedFrom = 8
const codes: Record<BlockKind, number> = { head: 1, preamble: 2, part: 3, whole: 4 }
const kinds = new Map(Object.entries(codes).map(([kind, code]) => [code, kind as BlockKind]))

export function encodeBlock({ kind, position, bytes }: Block): Buffer {
  const place = Buffer.from(position ?? "")
  const block = Buffer.allocUnsafe(blockHeadBytes + place.length + bytes.length)
  block.writeUInt32LE(place.length + bytes.length, 0)
  block.writeUInt8(codes[kind], 8)
  block.writeUInt8(0, 9)
  block.writeUInt16LE(place.length, 10)
  place.copy(block, blockHeadBytes)
  bytes.copy(block, blockHeadBytes + place.length)
  block.writeUInt32LE(crc32(block.subarray(checkedFrom)), 4)
  return block
}

/** How long the block with this head is, head included. */
export function blockLength(head: Buffer): number {
  return blockHeadBytes + head.readUInt32LE(0)
}

/** `undefined`: damaged. `block` is as long as its head says. */
export function decodeBlock(block: Buffer): Block | undefined {
  if (crc32(block.subarray(checkedFrom)) !== block.readUInt32LE(4)) return undefined
  const kind = kinds.get(block.readUInt8(8))
  const bytesFrom = blockHeadBytes + block.readUInt16LE(10)
  if (kind === undefined || bytesFrom > block.length) return undefined
  const place = block.toString("utf8", blockHeadBytes, bytesFrom)
  return { kind, position: place === "" ? undefined : positionFrom(place), bytes: block.subarray(bytesFrom) }
}
