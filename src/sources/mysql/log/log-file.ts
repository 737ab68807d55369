import { randomUUID } from "node:crypto"
import { startDeadline } from "../../../concurrency/deadline.ts"
import { Problem } from "../../../domain/problems.ts"
import { type Address, type Client, takeOver, withClient } from "../client.ts"
import { binlogReadingFailed, problemOfServer, readServerError } from "../errors.ts"
import { digestOfEvent } from "../stream/checksum.ts"
import { dump, introduce } from "../stream/connection/dump-request.ts"
import { newFramer } from "../stream/connection/framing.ts"
import {
  checksumBytes,
  hasChecksums,
  isInFile,
  isMarking,
  lengthAt,
  offsetAt,
  types,
} from "../stream/events.ts"
import { uint32 } from "../types/numbers.ts"
import type { LogNote } from "./log-note.ts"

/** Where the server writes: a file of its log, and its length. */
export interface LogEnd {
  file: string
  offset: number
}

const errorPacket = 0xff
const eofPacket = 0xfe
const answerLimitMs = 10_000
const heartbeatMs = 1_000
const fileStart = 4
/** A file whose first bytes have no marking event goes without, until the stream meets one. */
const mostSearchedBytes = 2 ** 20

/** What a server is called in notes. */
export async function serverName(client: Client): Promise<string> {
  const variable = client.flavor === "mariadb" ? "server_id" : "server_uuid"
  const [row] = await client.query(`SELECT @@global.${variable} AS name`)
  return row?.name ?? ""
}

/** How many statements RESET the server has run since it was started: of its log, of its replicas, and the like. */
export async function resetCount(client: Client): Promise<number> {
  const [row] = await client.query("SHOW GLOBAL STATUS LIKE 'Com_reset'")
  return Number(row?.Value ?? 0)
}

/** `resets`: as counted before that place was the log's end. Throws Problem `sourceBusy`: there was one since. */
export async function noteAt(address: Address, end: LogEnd, resets: number): Promise<LogNote> {
  return await withClient(address, "looking at the log", async (client) => {
    const [server, now] = [await serverName(client), await resetCount(client)]
    if (now !== resets) throw new Problem("sourceBusy", "The source was told to reset its log meanwhile.")
    const part = { file: end.file, from: fileStart, before: end.offset }
    return { server, ...end, resets, ...(await identityOf(client, part)) }
  })
}

/** The same for comparing on one server only: it does not tell the file from another of its name. */
export async function endNote(client: Client, end: LogEnd): Promise<LogNote> {
  const server = await serverName(client)
  return { server, createdAtSeconds: 0, ...end, resets: undefined, mark: undefined }
}

/** What tells a file of the log from another one of its name. */
export type FileIdentity = Pick<LogNote, "createdAtSeconds" | "mark">

/** Where to look for the marking event: from the beginning of an event, or of the file, and before an offset. */
export interface FilePart {
  file: string
  from: number
  before: number
}

/**
 * When a file of the log was created, by the server's clock, and the first marking event of a part of it. Asks for the file
 * as a replica does: no statement tells these. The client is of no use afterwards.
 */
export async function identityOf(client: Client, part: FilePart): Promise<FileIdentity> {
  const reader = newIdentityReader(part)
  await readEvents(client, part, reader.event)
  return reader.identity
}

/** An event of a file, without what it says. */
export interface FoundEvent {
  type: number
  /** With its header and its checksum. */
  length: number
}

/** The event that begins at an offset of a file; `undefined`: none does. The client is of no use afterwards. */
export async function eventAt(client: Client, file: string, from: number): Promise<FoundEvent | undefined> {
  let found: FoundEvent | undefined
  await readEvents(client, { file, from }, (bytes, start) => {
    const length = uint32(bytes, start + lengthAt)
    if (uint32(bytes, start + offsetAt) !== from + length) return false
    found = { type: bytes[start + 4] as number, length }
    return true
  })
  return found
}

/** Takes an event with its header; `true`: nothing that comes behind it matters. */
type TakeEvent = (bytes: Buffer, start: number, end: number) => boolean

/** Until `take` has enough, the log ends, or, inside a file, the server finds no event there. */
async function readEvents(
  client: Client,
  { file, from }: Pick<FilePart, "file" | "from">,
  take: TakeEvent,
): Promise<void> {
  // Under a name of its own: the server ends what comes under the name of a running stream.
  const name = `look ${randomUUID()}`
  const place = { kind: "file", file, offset: from } as const
  await introduce(client, name, place, heartbeatMs)
  const raw = takeOver(client)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const limit = startDeadline(answerLimitMs, () => reject(unanswered("does not answer")))
  // What has come behind the last event that is wanted is not looked at.
  let isEnough = false
  const framer = newFramer((bytes, start, end) => {
    if (isEnough) return
    if (bytes[start] === errorPacket) {
      const { errno, message } = readServerError(bytes, start, end)
      if (errno === binlogReadingFailed && from > fileStart) resolve()
      else reject(problemOfServer(errno, message, "looking at the log"))
    } else if (bytes[start] === eofPacket && end - start < 9) resolve()
    else if (take(bytes, start + 1, end)) {
      isEnough = true
      resolve()
    }
  })
  raw.socket.on("data", (chunk: Buffer) => {
    try {
      framer.feed(chunk)
    } catch (error) {
      reject(error)
    }
  })
  raw.socket.on("error", reject)
  raw.socket.on("close", () => reject(unanswered("closed the connection")))
  dump(raw, place, name, "end")
  raw.socket.resume()
  try {
    await promise
  } finally {
    limit.end()
    raw.destroy()
  }
}

interface IdentityReader {
  readonly identity: FileIdentity
  event: TakeEvent
}

/** Ends at the first event behind the description where the part begins inside the file: that is the one asked for. */
function newIdentityReader({ from, before }: FilePart): IdentityReader {
  const identity: FileIdentity = { createdAtSeconds: 0, mark: undefined }
  let checksums = false
  let readBytes = 0
  return {
    identity,
    event(bytes, start, end) {
      const type = bytes[start + 4] as number
      // The first is made up and names the file; a later one leads to the next file.
      if (type === types.rotate) return identity.createdAtSeconds > 0
      const offset = uint32(bytes, start + offsetAt) - uint32(bytes, start + lengthAt)
      if (type === types.formatDescription) {
        identity.createdAtSeconds = uint32(bytes, start)
        checksums = hasChecksums(bytes, end)
        return before <= fileStart
      }
      readBytes += end - start
      if (!isInFile(bytes, start)) return false
      if (offset < from || offset >= before) return true
      const stop = checksums ? end - checksumBytes : end
      if (isMarking(type)) identity.mark = { offset, checksum: digestOfEvent(bytes, start, stop) }
      return identity.mark !== undefined || from > fileStart || readBytes > mostSearchedBytes
    },
  }
}

function unanswered(what: string): Problem {
  return new Problem("sourceUnreachable", `The source ${what} (while looking at the log).`)
}
