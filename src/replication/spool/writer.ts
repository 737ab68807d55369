import { type FileHandle, open, rm } from "node:fs/promises"
import type { Position } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { type BlockKind, encodeBlock } from "./block.ts"
import { type Segment, segmentPath } from "./segment.ts"
import { bytesOf, type SpoolState } from "./spool.ts"

export interface SpoolWriter {
  /**
   * `position`: it is whole up to there, and durable when this resolves; `undefined`: it ends inside a transaction, and
   * no reader sees it before the rest has come. `full`: nothing was written; try again when something was released.
   */
  append(bytes: Buffer, position: Position | undefined): Promise<"written" | "full">
  /** A transaction that has not come to its end is removed. */
  close(): Promise<void>
}

interface OpenSegment {
  segment: Segment
  file: FileHandle
}

/** Opens no file before there is something to write. */
export async function openWriter(
  state: SpoolState,
  from: Position,
  preamble: () => Buffer,
): Promise<SpoolWriter> {
  if (state.hasWriter) throw new Error("the spool has a writer already")
  const last = state.segments.at(-1)
  if (last !== undefined) await cutTail(last)
  state.hasWriter = true
  let current: OpenSegment | undefined
  let inTransaction = false

  async function roomy(): Promise<OpenSegment> {
    if (current !== undefined && (inTransaction || current.segment.bytes < state.segmentBytes)) return current
    await current?.file.close()
    current = undefined
    current = await begin(state, state.segments.at(-1)?.to ?? from, preamble())
    return current
  }

  return {
    async append(bytes, position) {
      const kind: BlockKind = position === undefined ? "part" : "whole"
      const block = encodeBlock({ kind, position, bytes })
      state.isFull = bytesOf(state) + block.length > state.limitBytes
      if (state.isFull) return "full"
      try {
        const { segment, file } = await roomy()
        await writeBlock(file, segment, block)
        inTransaction = position === undefined
        if (position === undefined) return "written"
        await file.datasync()
        segment.to = position
        segment.readableBytes = segment.bytes
        return "written"
      } catch (error) {
        if (!isNoRoom(error)) throw failed(error)
        state.isFull = true
        return "full"
      }
    },
    async close() {
      state.hasWriter = false
      await current?.file.close()
      if (current === undefined) return
      await cutTail(current.segment)
      if (current.segment.to !== current.segment.from) return
      // It holds nothing: as if it had not been begun.
      state.segments = state.segments.filter((segment) => segment !== current?.segment)
      state.nextNumber = current.segment.number
      await rm(current.segment.path, { force: true })
    },
  }
}

async function cutTail(segment: Segment): Promise<void> {
  if (segment.bytes === segment.readableBytes) return
  const file = await open(segment.path, "r+")
  try {
    await file.truncate(segment.readableBytes)
    // Behind a segment that follows nobody looks for a tail.
    await file.sync()
  } finally {
    await file.close()
  }
  segment.bytes = segment.readableBytes
}

/** What a full disk took only a part of goes again, so that the next attempt begins where this one did. */
async function writeBlock(file: FileHandle, segment: Segment, block: Buffer): Promise<void> {
  try {
    for (let done = 0; done < block.length; )
      done += (await file.write(block, done, block.length - done, segment.bytes + done)).bytesWritten
    segment.bytes += block.length
  } catch (error) {
    await file.truncate(segment.bytes)
    throw error
  }
}

async function begin(state: SpoolState, from: Position, preamble: Buffer): Promise<OpenSegment> {
  const number = state.nextNumber
  const path = segmentPath(state.folder, number)
  const file = await open(path, "wx", 0o600)
  try {
    const head = encodeBlock({ kind: "head", position: from, bytes: Buffer.from(formatVersion) })
    const opening = Buffer.concat([
      head,
      encodeBlock({ kind: "preamble", position: undefined, bytes: preamble }),
    ])
    const segment = { number, path, from, to: from, readableBytes: 0, bytes: 0 }
    await writeBlock(file, segment, opening)
    segment.readableBytes = segment.bytes
    await file.sync()
    await syncFolder(state.folder)
    state.nextNumber++
    state.segments.push(segment)
    return { segment, file }
  } catch (error) {
    await file.close()
    await rm(path, { force: true })
    throw error
  }
}

const formatVersion = "millrace spool 1"

/** A new file's name must outlive a power cut as well as what is in it. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isNoRoom(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG"
}

function failed(error: unknown): Problem {
  const reason = error instanceof Error ? error.message : String(error)
  return new Problem("internal", `The spool cannot be written: ${reason}.`, { cause: error })
}
