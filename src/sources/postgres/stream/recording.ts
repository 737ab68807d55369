import { setTimeout as delay } from "node:timers/promises"
import type pg from "pg"
import type { Position } from "../../../domain/position.ts"
import { Problem } from "../../../domain/problems.ts"
import type { Recording, RecordOptions } from "../../../replication/contracts/source.ts"
import type { SpoolWriter } from "../../../replication/spool/writer.ts"
import { readCatalog } from "../catalog/catalog.ts"
import { type Address, connectForReplication, destroy, takeOver, withClient } from "../client.ts"
import { problemOf } from "../errors.ts"
import { publishGenerated } from "../publication/publication.ts"
import { lsnOf, originOf, positionOfLsn, type ServerIdentity, withOrigin } from "../slot/position.ts"
import { confirmedBySlot } from "../slot/slot.ts"
import {
  type Beginning,
  beginningOf,
  identifyServer,
  isSameWitness,
  refuseOtherTimeline,
  refuseOtherWitness,
  witnessOf,
} from "../slot/timeline-check.ts"
import { speakProtocol } from "./protocol.ts"
import { encodePreamble, newFrames } from "./spooled.ts"

const beginMessage = 0x42
const commitMessage = 0x43
const relationMessage = 0x52
/** Bytes that wait to be written, above which reading the source pauses. */
const maxWaitingBytes = 16 * 2 ** 20
/** Bytes of one transaction, above which it is written in parts before its commit has come. */
const partBytes = 4 * 2 ** 20
/**
 * Interval at which an idle recording writes the source's position into the spool, so that the source can discard log that
 * others write.
 */
const markEveryMs = 5_000
const roomLookMs = 250
const slotFreeLimitMs = 10_000
const slotLookMs = 50

/** Reads the slot on into the spool, from where the spool ends. */
export async function startRecording(address: Address, options: RecordOptions): Promise<Recording> {
  const { handle, select, spool } = options
  const { confirmed, tables } = await withClient(address, "looking at the slot", async (client) => {
    await publishGenerated(client, handle)
    const { tables } = await readCatalog(client, select)
    return { tables, confirmed: await confirmedByFreeSlot(client, handle) }
  })
  // The slot is ahead of the spool: everything in the spool is in the warehouse already.
  if (spool.range !== undefined && lsnOf(spool.range.to) < confirmed) await spool.clear()
  const from = spool.range?.to ?? positionOfLsn(confirmed)
  const client = await connectForReplication(address)
  const relations = new Map<number, Buffer>()
  try {
    await refuseOtherTimeline(client, from)
    const server = await identifyServer(client)
    const beginning = beginningOf(from, confirmed)
    const writer = await spool.write(from, () => encodePreamble(tables, relations.values()))
    return record({ ...options, client, from, beginning, server, writer, relations })
  } catch (error) {
    destroy(client)
    throw problemOf(error, "asking which server it is")
  }
}

/** Waits until nobody else reads the slot: a connection of ours that was cut may not have been noticed yet. */
async function confirmedByFreeSlot(client: pg.Client, handle: string): Promise<bigint> {
  const deadline = performance.now() + slotFreeLimitMs
  for (;;) {
    try {
      return await confirmedBySlot(client, handle)
    } catch (error) {
      const isInUse = error instanceof Problem && error.kind === "sourceInUse"
      if (!isInUse || performance.now() > deadline) throw error
    }
    await delay(slotLookMs)
  }
}

interface RecordParts extends RecordOptions {
  client: pg.Client
  from: Position
  beginning: Beginning
  server: ServerIdentity
  writer: SpoolWriter
  /** The newest Relation message of each table, by its id. */
  relations: Map<number, Buffer>
}

function record(parts: RecordParts): Recording {
  const { client, handle, from, beginning, server, writer, relations, observe } = parts
  const raw = takeOver(client)
  const frames = newFrames()
  let { base, witness } = originOf(from) ?? { base: lsnOf(from), witness: undefined }
  let { expected } = beginning
  let acknowledged = beginning.start
  /** The position up to which the server has sent everything. */
  let caughtUp = lsnOf(from)
  let spooled = caughtUp
  let markedAtMs = performance.now()
  let inTransaction = false
  let isGiven = false
  let stopping = false
  let writing: Promise<void> | undefined

  function begin(bytes: Buffer, start: number): void {
    inTransaction = true
    const came = witnessOf(bytes, start)
    if (expected !== undefined && !isSameWitness(came, expected)) refuseOtherWitness()
    expected = undefined
    isGiven = came.commitLsn < beginning.given
    if (!isGiven) witness = came
  }

  function put(bytes: Buffer, start: number, end: number): void {
    const kind = bytes[start]
    if (kind === beginMessage) begin(bytes, start)
    // The newest ones of a transaction that is here already stand in the next segment's preamble. Among the changes its older
    // ones would turn its tables back to what they were before it.
    if (kind === relationMessage)
      relations.set(bytes.readUInt32BE(start + 1), Buffer.from(bytes.subarray(start, end)))
    if (!isGiven) frames.put(bytes, start, end)
    if (kind !== commitMessage) return
    inTransaction = false
    if (isGiven) return
    base = bytes.readBigUInt64BE(start + 10)
    frames.mark(withOrigin(base, { ...server, base, witness }))
  }

  /** What to write now: changes, or only how far the source is. */
  function take(): { bytes: Buffer; position: Position | undefined } | undefined {
    if (stopping) return undefined
    const taken = frames.take(partBytes)
    if (taken !== undefined) return taken
    const isDue = performance.now() - markedAtMs > markEveryMs && caughtUp > spooled
    if (!isDue || inTransaction || frames.bytes > 0 || expected !== undefined) return undefined
    return { bytes: Buffer.alloc(0), position: withOrigin(caughtUp, { ...server, base, witness }) }
  }

  async function writeWaiting(): Promise<void> {
    for (let next = take(); next !== undefined; next = take()) {
      const { bytes, position } = next
      while ((await writer.append(bytes, position)) === "full") {
        await delay(roomLookMs)
        if (stopping) return
      }
      if (position === undefined) continue
      observe("spooled")
      spooled = lsnOf(position)
      acknowledged = spooled
      markedAtMs = performance.now()
      protocol.sendStatus()
      observe("spoolAcknowledged")
    }
  }

  function kick(): void {
    if (frames.bytes > maxWaitingBytes) raw.socket.pause()
    writing ??= writeWaiting()
      .catch((error: unknown) => protocol.fail(error))
      .finally(() => {
        writing = undefined
        raw.socket.resume()
      })
  }

  const protocol = speakProtocol(raw, {
    changes(bytes, start, end) {
      put(bytes, start, end)
      return undefined
    },
    keepAlive(lsn) {
      if (!inTransaction && lsn > caughtUp) caughtUp = lsn
    },
    chunkRead: kick,
    acknowledged: () => acknowledged,
    isHeld: () => raw.socket.isPaused(),
    closed: () => undefined,
  })
  protocol.start(handle, positionOfLsn(beginning.start), "text")

  async function stop(): Promise<void> {
    stopping = true
    await writing
    await protocol.end()
    await writer.close()
  }

  let stopped: Promise<void> | undefined
  return {
    ended: protocol.ended,
    stop: () => {
      stopped ??= stop()
      return stopped
    },
  }
}
