import { type FileHandle, open } from "node:fs/promises"
import { Problem } from "../../domain/problems.ts"
import type { Block } from "./block.ts"
import { openBytes } from "./sealing.ts"
import { readBlock, type Segment, wrappedKeyOf } from "./segment.ts"
import type { SpoolState } from "./spool-state.ts"

export interface SpoolReader {
  /** The next block that is durable; `undefined`: none for now. Throws Problem when it is damaged. */
  next(): Promise<Block | undefined>
  close(): Promise<void>
}

/** From the beginning of the spool, or of one segment. A segment that is removed meanwhile is read to its end. */
export function openReader(state: SpoolState, first?: Segment): SpoolReader {
  let segment = first
  let file: FileHandle | undefined
  let at = 0
  let dataKey: Buffer | undefined

  async function enter(next: Segment): Promise<void> {
    await file?.close()
    file = undefined
    segment = next
    at = 0
    file = await openFile(next)
    dataKey = undefined
  }

  async function keyOf(head: Buffer): Promise<Buffer | undefined> {
    const wrapped = wrappedKeyOf(head)
    if (wrapped === undefined) return undefined
    if (state.atRest === undefined) throw new Problem("keyNotAccessible", "The spool is encrypted.")
    return await state.atRest.openDataKey(wrapped)
  }

  function opened({ number }: Segment, block: Block, blockAt: number): Buffer | undefined {
    if (dataKey === undefined) return block.bytes
    return openBytes(dataKey, block.bytes, { ...block, segment: number, at: blockAt })
  }

  async function nextBlock(): Promise<Block | undefined> {
    if (segment === undefined) {
      const [oldest] = state.segments
      if (oldest === undefined) return undefined
      await enter(oldest)
    } else if (file === undefined) await enter(segment)
    for (;;) {
      const current = segment as Segment
      if (at < current.readableBytes) return await readAt(current)
      const next = state.segments.find(({ number }) => number > current.number)
      if (next === undefined) return undefined
      await enter(next)
    }
  }

  async function readAt(current: Segment): Promise<Block> {
    const found = await readBlock(file as FileHandle, at, current.readableBytes)
    if (found === undefined) throw damaged(current)
    const { block, end } = found
    if (block.kind === "head") dataKey = await keyOf(block.bytes)
    const bytes = block.kind === "head" ? block.bytes : opened(current, block, at)
    if (bytes === undefined) throw damaged(current)
    at = end
    return { ...block, bytes }
  }

  return {
    async next() {
      let block = await nextBlock()
      while (block?.kind === "head") block = await nextBlock()
      return block
    },
    async close() {
      await file?.close()
      file = undefined
    },
  }
}

async function openFile(segment: Segment): Promise<FileHandle> {
  try {
    return await open(segment.path, "r")
  } catch (error) {
    throw damaged(segment, error)
  }
}

function damaged({ number }: Segment, cause?: unknown): Problem {
  return new Problem(
    "sourceHistoryLost",
    `The spool, which holds changes that the source has already forgotten, is damaged (segment ${number}).`,
    { cause },
  )
}
