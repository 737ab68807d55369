import type { Frame } from "./frame-reader.ts"
import { PgError } from "./pg-error.ts"
import type { Format } from "./session.ts"

export type FrontendMessage =
  | { kind: "query"; sql: string }
  | { kind: "parse"; name: string; sql: string; parameterOids: number[] }
  | {
      kind: "bind"
      portal: string
      statement: string
      formats: Format[]
      values: (Uint8Array | null)[]
      resultFormats: Format[]
    }
  | { kind: "describe"; what: "statement" | "portal"; name: string }
  | { kind: "execute"; portal: string; maxRows: number }
  | { kind: "close"; what: "statement" | "portal"; name: string }
  | { kind: "flush" }
  | { kind: "sync" }
  | { kind: "terminate" }
  | { kind: "password"; body: Buffer }
  | { kind: "copy" }
  | { kind: "functionCall" }

export type StartupMessage =
  | { kind: "ssl" }
  | { kind: "gssenc" }
  | { kind: "cancel"; processId: number; secret: Buffer }
  | { kind: "startup"; minor: number; parameters: Map<string, string> }

const protocolMajor = 3

/** Reads fields in order; anything out of bounds is a protocol violation, never a crash. */
function bodyReader(body: Buffer) {
  let at = 0
  function need(bytes: number): number {
    const start = at
    if (start + bytes > body.length)
      throw new PgError("08P01", "insufficient data left in message", { fatal: true })
    at += bytes
    return start
  }
  const int16 = () => body.readUInt16BE(need(2))
  return {
    byte: () => body[need(1)] ?? 0,
    int16,
    int32: () => body.readInt32BE(need(4)),
    uint32: () => body.readUInt32BE(need(4)),
    bytes: (length: number) => {
      const start = need(length)
      return body.subarray(start, start + length)
    },
    text: () => {
      const end = body.indexOf(0, at)
      if (end < 0) throw new PgError("08P01", "invalid string in message", { fatal: true })
      const text = decodeUtf8(body.subarray(at, end))
      at = end + 1
      return text
    },
    left: () => body.length - at,
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Throws 22021 on bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause
    throw new PgError("22021", 'invalid byte sequence for encoding "UTF8"')
  }
}

export function decodeStartup(frame: Frame): StartupMessage {
  const read = bodyReader(frame.body)
  const major = read.int16()
  const minor = read.int16()
  if (major === 1234 && minor === 5679) return { kind: "ssl" }
  if (major === 1234 && minor === 5680) return { kind: "gssenc" }
  if (major === 1234 && minor === 5678) {
    return { kind: "cancel", processId: read.uint32(), secret: read.bytes(read.left()) }
  }
  if (major !== protocolMajor) {
    throw new PgError("0A000", `unsupported frontend protocol ${major}.${minor}: server supports 3.0`, {
      fatal: true,
    })
  }
  const parameters = new Map<string, string>()
  while (read.left() > 1) parameters.set(read.text(), read.text())
  return { kind: "startup", minor, parameters }
}

function format(code: number): Format {
  if (code === 0 || code === 1) return code
  throw new PgError("08P01", `unsupported format code: ${code}`)
}

function times<T>(count: number, read: () => T): T[] {
  return Array.from({ length: count }, read)
}

function decodeBind(read: ReturnType<typeof bodyReader>): FrontendMessage {
  const portal = read.text()
  const statement = read.text()
  const formats = times(read.int16(), () => format(read.int16()))
  const values = times(read.int16(), () => {
    const length = read.int32()
    return length < 0 ? null : read.bytes(length)
  })
  return {
    kind: "bind",
    portal,
    statement,
    formats,
    values,
    resultFormats: times(read.int16(), () => format(read.int16())),
  }
}

function target(byte: number): "statement" | "portal" {
  if (byte === 0x53) return "statement"
  if (byte === 0x50) return "portal"
  throw new PgError("08P01", `invalid message subtype ${byte}`, { fatal: true })
}

export function decodeFrontend(frame: Frame): FrontendMessage {
  const read = bodyReader(frame.body)
  switch (frame.type) {
    case "Q":
      return { kind: "query", sql: read.text() }
    case "P":
      return {
        kind: "parse",
        name: read.text(),
        sql: read.text(),
        parameterOids: times(read.int16(), read.uint32),
      }
    case "B":
      return decodeBind(read)
    case "D":
      return { kind: "describe", what: target(read.byte()), name: read.text() }
    case "E":
      return { kind: "execute", portal: read.text(), maxRows: read.int32() }
    case "C":
      return { kind: "close", what: target(read.byte()), name: read.text() }
    case "H":
      return { kind: "flush" }
    case "S":
      return { kind: "sync" }
    case "X":
      return { kind: "terminate" }
    case "p":
      return { kind: "password", body: frame.body }
    case "d":
    case "c":
    case "f":
      return { kind: "copy" }
    case "F":
      return { kind: "functionCall" }
    default:
      throw new PgError("08P01", `invalid frontend message type ${frame.type.charCodeAt(0)}`, { fatal: true })
  }
}
