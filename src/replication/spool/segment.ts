import { type FileHandle, open } from "node:fs/promises"
import { join } from "node:path"
import type { Position } from "../../domain/position.ts"
import { type Block, blockHeadBytes, blockLength, decodeBlock } from "./block.ts"

/** One file of a spool. */
export interface Segment {
  number: number
  path: string
  /** It holds what comes after `from`, up to `to`. */
  from: Position
  to: Position
  /** Where its last whole block ends: readers go no further. */
  readableBytes: number
  /** Size of the file. */
  bytes: number
}

const suffix = ".spool"
const numberDigits = 12

export function segmentPath(folder: string, number: number): string {
  return join(folder, `${String(number).padStart(numberDigits, "0")}${suffix}`)
}

/** `undefined`: not the name of a segment. */
export function segmentNumber(fileName: string): number | undefined {
  const match = /^(\d{12})\.spool$/.exec(fileName)
  return match === null ? undefined : Number(match[1])
}

/** The block at `at`, and where the next one begins; `undefined`: nothing whole and undamaged is there. */
export async function readBlock(
  file: FileHandle,
  at: number,
  fileBytes: number,
): Promise<{ block: Block; end: number } | undefined> {
  if (at + blockHeadBytes > fileBytes) return undefined
  const head = Buffer.allocUnsafe(blockHeadBytes)
  if ((await file.read(head, 0, blockHeadBytes, at)).bytesRead < blockHeadBytes) return undefined
  const length = blockLength(head)
  if (at + length > fileBytes) return undefined
  const bytes = Buffer.allocUnsafe(length)
  if ((await file.read(bytes, 0, length, at)).bytesRead < length) return undefined
  const block = decodeBlock(bytes)
  return block && { block, end: at + length }
}

/** What a file of an earlier process holds, up to its last whole block; `undefined`: not even its head can be read. */
export async function scanSegment(path: string, number: number): Promise<Segment | undefined> {
  const file = await open(path, "r")
  try {
    const { size: bytes } = await file.stat()
    const first = await readBlock(file, 0, bytes)
    if (first?.block.kind !== "head" || first.block.position === undefined) return undefined
    const from = first.block.position
    const segment = { number, path, from, to: from, readableBytes: first.end, bytes }
    for (let at = first.end; ; ) {
      const found = await readBlock(file, at, bytes)
      if (found === undefined) return segment
      at = found.end
      if (found.block.kind === "whole" && found.block.position !== undefined) {
        segment.to = found.block.position
        segment.readableBytes = at
      } else if (found.block.kind === "preamble") segment.readableBytes = at
    }
  } finally {
    await file.close()
  }
}

/** Only the head is read: the segment that follows says where this one ends. */
export async function readHead(path: string, number: number): Promise<Segment | undefined> {
  const file = await open(path, "r")
  try {
    const { size: bytes } = await file.stat()
    const first = await readBlock(file, 0, bytes)
    if (first?.block.kind !== "head" || first.block.position === undefined) return undefined
    const from = first.block.position
    return { number, path, from, to: from, readableBytes: bytes, bytes }
  } finally {
    await file.close()
  }
}

const formatVersion = "millrace spool 1"

/** What a segment's head says beside where it begins: the form of all this, and the key of its blocks if they are sealed. */
export function encodeHead(wrappedKey: string | undefined): Buffer {
  return Buffer.from(wrappedKey === undefined ? formatVersion : `${formatVersion}\n${wrappedKey}`)
}

export function wrappedKeyOf(head: Buffer): string | undefined {
  return head.toString("utf8").split("\n")[1]
}
