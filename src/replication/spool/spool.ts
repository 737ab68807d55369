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
 * Changes on local disk that the warehouse cannot take yet, so that the source may discard them: bytes that only the
 * source's adapter understands, in files that are synced before the source is acknowledged (docs/decisions/0012).
 */
export interface Spool {
  /** The spool holds all changes after `from`, up to `to`; `undefined`: it is empty. */
  readonly range: SpoolRange | undefined
  readonly bytes: number
  readonly limitBytes: number
  /** The last write found no room: the spool's limit is reached, or the disk is full. */
  readonly isFull: boolean
  /** Why segments found at opening could not be used; `undefined`: all could, or there were none. */
  readonly damage: string | undefined
  /** Opens a writer behind the last change; `from`: where an empty spool begins. One writer at a time. */
  write(from: Position, preamble: () => Buffer): Promise<SpoolWriter>
  /** From the beginning. */
  read(): SpoolReader
  /** What each segment needs to be read by itself. Throws Problem when it cannot be read. */
  preambles(): Promise<Buffer[]>
  /** Removes segments that the warehouse has applied. `applied`: the warehouse's position. */
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
      // Oldest first, so that a crash in between leaves no gap.
      state.segments.shift()
      await rm(first.path, { force: true })
    }
  }

  return {
    get range() {
      const [first, last] = [state.segments[0], state.segments.at(-1)]
      // A segment that has just begun holds no change yet.
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
