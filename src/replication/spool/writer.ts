import { type FileHandle, open, rm } from "node:fs/promises"
import type { Position } from "../../domain/position.ts"
import { Problem } from "../../domain/problems.ts"
import { type Block, type BlockKind, encodeBlock } from "./block.ts"
import { sealBytes } from "./sealing.ts"
import { encodeHead, type Segment, segmentPath } from "./segment.ts"
import { bytesOf, type SpoolState } from "./spool-state.ts"

export interface SpoolWriter {
  /**
   * `position`: it is whole up to there, and durable when this resolves; `undefined`: it ends inside a transaction, and
   * no reader sees it before the rest has come. `full`: nothing was written; try again when something was released.
   */
  append(bytes: Buffer, position: Position | undefined): Promise<"written" | "full">
  /** A transaction that has not come to its end is removed. */
  close(): Promise<void>
}

/** What a block, and perhaps the beginning of a segment, takes beside its bytes. */
const roomBytes = 512

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
  const dataKey = await state.atRest?.newDataKey()
  state.hasWriter = true
  let current: OpenSegment | undefined
  let inTransaction = false

  async function roomy(): Promise<OpenSegment> {
    if (current !== undefined && (inTransaction || current.segment.bytes < state.segmentBytes)) return current
    await current?.file.close()
    current = undefined
    current = await begin(state, state.segments.at(-1)?.to ?? from, preamble(), dataKey)
    return current
  }

  return {
    async append(bytes, position) {
      const kind: BlockKind = position === undefined ? "part" : "whole"
      state.isFull = bytesOf(state) + bytes.length + roomBytes > state.limitBytes
      if (state.isFull) return "full"
      try {
        const { segment, file } = await roomy()
        const block = sealed(dataKey, { kind, position, bytes }, segment.number, segment.bytes)
        await writeBlock(file, segment, encodeBlock(block))
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
      // Nobody waits for room any more.
      state.isFull = false
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

function sealed(dataKey: DataKey | undefined, block: Block, segment: number, at: number): Block {
  if (dataKey === undefined) return block
  const place = { segment, at, kind: block.kind, position: block.position }
  return { ...block, bytes: sealBytes(dataKey.key, block.bytes, place) }
}

async function begin(
  state: SpoolState,
  from: Position,
  preamble: Buffer,
  dataKey: DataKey | undefined,
): Promise<OpenSegment> {
  const number = state.nextNumber
  const path = segmentPath(state.folder, number)
  const file = await open(path, "wx", 0o600)
  try {
    const head = encodeBlock({ kind: "head", position: from, bytes: encodeHead(dataKey?.wrapped) })
    const first = sealed(
      dataKey,
      { kind: "preamble", position: undefined, bytes: preamble },
      number,
      head.length,
    )
    const opening = Buffer.concat([head, encodeBlock(first)])
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

interface DataKey {
  key: Buffer
  wrapped: string
}

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
