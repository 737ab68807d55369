import { randomUUID } from "node:crypto"
import { Problem } from "../../../domain/problems.ts"
import { type Address, type Client, takeOver, withClient } from "../client.ts"
import { problemOfServer, readServerError } from "../errors.ts"
import { dump, introduce } from "../stream/dump-request.ts"
import { types } from "../stream/events.ts"
import { newFramer } from "../stream/framing.ts"
import { uint32 } from "../types/numbers.ts"
import type { LogNote } from "./log-note.ts"

/** Where the server writes: a file of its log, and its length. */
export interface LogEnd {
  file: string
  offset: number
}

const errorPacket = 0xff
const answerLimitMs = 10_000
const heartbeatMs = 1_000
const fileStart = 4

/** What a server is called in notes. */
export async function serverName(client: Client): Promise<string> {
  const variable = client.flavor === "mariadb" ? "server_id" : "server_uuid"
  const [row] = await client.query(`SELECT @@global.${variable} AS name`)
  return row?.name ?? ""
}

/** The note of a place that the server's log has now. */
export async function noteAt(address: Address, { file, offset }: LogEnd): Promise<LogNote> {
  return await withClient(address, "looking at the log", async (client) => {
    const server = await serverName(client)
    return { server, file, offset, createdAtSeconds: await creationOf(client, file) }
  })
}

/** The same for comparing on one server only: it does not tell the file from another of its name. */
export async function endNote(client: Client, end: LogEnd): Promise<LogNote> {
  return { server: await serverName(client), createdAtSeconds: 0, ...end }
}

/**
 * When a file of the log was created, by the server's clock. Asks for the file as a replica does and reads no further than
 * its format description: no statement tells it. The client is of no use afterwards.
 */
export async function creationOf(client: Client, file: string): Promise<number> {
  // Under a name of its own: the server ends what comes under the name of a running stream.
  const name = `look ${randomUUID()}`
  const place = { kind: "file", file, offset: fileStart } as const
  await introduce(client, name, place, heartbeatMs)
  const raw = takeOver(client)
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const limit = setTimeout(() => reject(unanswered("does not answer")), answerLimitMs)
  const framer = newFramer((bytes, start, end) => {
    if (bytes[start] === errorPacket) {
      const { errno, message } = readServerError(bytes, start, end)
      reject(problemOfServer(errno, message, "looking at the log"))
    } else if (bytes[start + 5] === types.formatDescription) resolve(uint32(bytes, start + 1))
  })
  raw.socket.on("data", (chunk: Buffer) => framer.feed(chunk))
  raw.socket.on("error", reject)
  raw.socket.on("close", () => reject(unanswered("closed the connection")))
  dump(raw, place, name, true)
  raw.socket.resume()
  try {
    return await promise
  } finally {
    clearTimeout(limit)
    raw.destroy()
  }
}

function unanswered(what: string): Problem {
  return new Problem("sourceUnreachable", `The source ${what} (while looking at the log).`)
}
