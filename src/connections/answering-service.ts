/** What answers at a port, found out after a connection failed: nothing is sent but what every server may be asked. */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { atMost } from "../concurrency/deadline.ts"

export interface Port {
  host: string
  port: number
}

/** What is known to answer. `silent`: something listens, and says nothing that is known. `none`: nothing listens. */
export type Service =
  | { kind: "postgres"; offersTls: boolean }
  | { kind: "mysql"; greeting: Buffer }
  | { kind: "other"; name: string }
  | { kind: "silent" }
  | { kind: "none" }

/** Servers that speak first do so at once. */
const greetingMs = 400
const answerMs = 1_000

/** PostgreSQL's SSLRequest: every server of its protocol answers it with one byte, before anything else. */
export const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

const httpRequest = "GET / HTTP/1.0\r\n\r\n"

/** Never rejects. */
export async function answeringService(at: Port): Promise<Service> {
  const asked = await exchange(at, sslRequest, greetingMs)
  if (asked === undefined) return { kind: "none" }
  const known = serviceOf(asked)
  if (known !== undefined) return known
  // Servers of lines wait for the end of one.
  const answer = await exchange(at, Buffer.from(httpRequest), 0)
  return (answer && serviceOf(answer)) ?? { kind: "silent" }
}

/** What a server says by itself, or else in answer; empty: nothing. Undefined: nothing listens. */
async function exchange(at: Port, request: Buffer, waitMs: number): Promise<Buffer | undefined> {
  const socket = await opened(at)
  if (socket === undefined) return undefined
  try {
    const greeting = waitMs === 0 ? Buffer.alloc(0) : await heard(socket, waitMs)
    if (greeting.length > 0) return greeting
    socket.write(request)
    return await heard(socket, answerMs)
  } finally {
    socket.destroy()
  }
}

/** Undefined: nothing listens there. */
export async function opened({ host, port }: Port): Promise<Socket | undefined> {
  const socket = connect({ host, port })
  socket.on("error", () => undefined)
  const isOpen = await atMost(
    answerMs,
    once(socket, "connect").then(
      () => true,
      () => false,
    ),
    () => false,
  )
  if (isOpen) return socket
  socket.destroy()
  return undefined
}

/** The first bytes that come within `limitMs`; empty: none. */
export async function heard(socket: Socket, limitMs: number): Promise<Buffer> {
  const came = Promise.withResolvers<Buffer>()
  const read = (bytes: Buffer) => came.resolve(bytes)
  const ended = () => came.resolve(Buffer.alloc(0))
  socket.once("data", read).once("close", ended)
  try {
    return await atMost(limitMs, came.promise, () => Buffer.alloc(0))
  } finally {
    socket.off("data", read).off("close", ended)
  }
}

const byBeginning: readonly { begins: RegExp; name: string }[] = [
  { begins: /^HTTP\//, name: "an HTTP server" },
  { begins: /^<(!doctype )?html/i, name: "an HTTP server" },
  { begins: /^SSH-/, name: "an SSH server" },
  { begins: /^-(ERR|NOAUTH|DENIED|NOPROTO|WRONGTYPE|LOADING|MISCONF)\b/, name: "Redis" },
  { begins: /^ERROR\r?\n/, name: "memcached" },
  { begins: /^220[ -].*(smtp|mail|postfix|exim)/i, name: "a mail server (SMTP)" },
  { begins: /^220[ -]/, name: "an FTP or mail server" },
  { begins: /^\+OK/, name: "a mail server (POP3)" },
  { begins: /^\* OK/, name: "a mail server (IMAP)" },
]

/** Undefined: it is not known, or said nothing. */
function serviceOf(bytes: Buffer): Service | undefined {
  const text = bytes.toString("latin1")
  const named = byBeginning.find(({ begins }) => begins.test(text))
  if (named !== undefined) return { kind: "other", name: named.name }
  // A record of an alert: it wanted TLS from the first byte on.
  if (bytes[0] === 0x15 && bytes[1] === 0x03)
    return { kind: "other", name: "a server that speaks TLS from the first byte (such as HTTPS)" }
  if (isMysqlGreeting(bytes)) return { kind: "mysql", greeting: bytes }
  if (text === "S" || text === "N") return { kind: "postgres", offersTls: text === "S" }
  // ErrorResponse with its length: poolers that know no SSLRequest, or servers that are full.
  if (bytes[0] === 0x45 && bytes.length > 5 && bytes.readUInt32BE(1) < 10_000)
    return { kind: "postgres", offersTls: false }
  return undefined
}

/** The first packet: its length, number 0, and version 10 of the protocol; or the error of a server that is full. */
function isMysqlGreeting(bytes: Buffer): boolean {
  if (bytes.length < 8 || bytes[3] !== 0) return false
  return bytes.readUIntLE(0, 3) < 1_024 && (bytes[4] === 10 || bytes[4] === 0xff)
}
