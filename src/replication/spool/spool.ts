import { mkdir, rm } from "node:fs/promises"
import type { Position } from "../../domain/position.ts"
import type { Block } from "./block.ts"
import { findSegments } from "./find-segments.ts"
import { openReader, type SpoolReader } from "./reader.ts"
import type { AtRest } from "./sealing.ts"
import type { Segment } from "./segment.ts"
import { bytesOf, type SpoolState } from "./spool-state.ts"
import { openWriter, type SpoolWriter } from "./writer.ts"

/**
 * Changes kept here because the warehouse cannot take them yet, so that the source may forget them: bytes that only
 * the source understands, in files that are synced before it is told. See docs/decisions on the spool.
 */
export interface Spool {
  /** It holds what comes after `from`, up to `to`; `undefined`: nothing. */
  readonly range: SpoolRange | undefined
  readonly bytes: number
  readonly limitBytes: number
  /** The last attempt to write found no room, here or on the disk. */
  readonly isFull: boolean
  /** Why what was here when it was opened could not be used; `undefined`: all could, or nothing was. */
  readonly damage: string | undefined
  /** Goes on behind what is there; `from` is where an empty spool begins. One writer at a time. */
  write(from: Position, preamble: () => Buffer): Promise<SpoolWriter>
  /** From the beginning. */
  read(): SpoolReader
  /** What each segment needs to be read by itself. Throws Problem when it cannot be read. */
  preambles(): Promise<Buffer[]>
  /** Everything up to `applied` is in the warehouse. */
  release(applied: Position): Promise<void>
  clear(): Promise<void>
}

export interface SpoolRange {
  from: Position
  to: Position
}

export interface SpoolOptions {
  folder: string
  limitBytes: number
  /** As the source's. */
  compare(a: Position, b: Position): number
  /** What is written is encrypted, and what is read is decrypted, if it is. */
  atRest?: AtRest | undefined
  /** A new file begins above this. Default 64 MiB. */
  segmentBytes?: number
}

const usualSegmentBytes = 64 * 2 ** 20

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const { folder, limitBytes, compare, atRest, segmentBytes = usualSegmentBytes } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { segments, damage } = await findSegments(folder)
  const nextNumber = (segments.at(-1)?.number ?? 0) + 1
  const state: SpoolState = {
    folder,
    limitBytes,
    segmentBytes,
    atRest,
    segments,
    nextNumber,
    isFull: false,
    hasWriter: false,
  }
  const isUsed = (segment: Segment) => state.hasWriter && segment === state.segments.at(-1)

  async function removeFirst(isOver: (segment: Segment) => boolean): Promise<void> {
    for (;;) {
      const [first] = state.segments
      if (first === undefined || isUsed(first) || !isOver(first)) return
      // In order, so that a crash in between leaves no gap.
      state.segments.shift()
      await rm(first.path, { force: true })
    }
  }

  return {
    get range() {
      const [first, last] = [state.segments[0], state.segments.at(-1)]
      // One that has just begun holds nothing yet.
      if (first === undefined || last === undefined || first.from === last.to) return undefined
      return { from: first.from, to: last.to }
    },
    get bytes() {
      return bytesOf(state)
    },
    limitBytes,
    get isFull() {
      return state.isFull
    },
    damage,
    write: (from, preamble) => openWriter(state, from, preamble),
    read: () => openReader(state),
    preambles: () => preamblesOf(state),
    release: (applied) => removeFirst((segment) => compare(segment.to, applied) <= 0),
    clear: () => removeFirst(() => true),
  }
}

async function preamblesOf(state: SpoolState): Promise<Buffer[]> {
  const found: Buffer[] = []
  for (const segment of [...state.segments]) {
    const reader = openReader(state, segment)
    try {
      const first: Block | undefined = await reader.next()
      if (first?.kind === "preamble") found.push(first.bytes)
    } finally {
      await reader.close()
    }
  }
  return found
}
