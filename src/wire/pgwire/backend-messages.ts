import type { PgError } from "./pg-error.ts"
import type { EncodedColumn, Field, Format, RowBatch, TransactionStatus } from "./session.ts"

function message(type: string, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  const head = Buffer.alloc(5)
  head.write(type, 0, "latin1")
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, ...parts])
}

/** A zero byte would end the string early. */
function cstring(text: string): Buffer {
  return Buffer.from(`${text.replaceAll("\0", "")}\0`)
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value | 0)
  return bytes
}

export const authenticationOk = message("R", int32(0))
export const parseComplete = message("1")
export const bindComplete = message("2")
export const closeComplete = message("3")
export const noData = message("n")
export const portalSuspended = message("s")
export const emptyQuery = message("I")

export const authenticationSasl = (mechanisms: string[]) =>
  message("R", int32(10), ...mechanisms.map(cstring), Buffer.alloc(1))
export const copyDone = message("c")

export const authenticationSaslContinue = (text: string) => message("R", int32(11), Buffer.from(text))
export const authenticationSaslFinal = (text: string) => message("R", int32(12), Buffer.from(text))
export const parameterStatus = (name: string, value: string) => message("S", cstring(name), cstring(value))
export const backendKeyData = (processId: number, secret: Buffer) => message("K", int32(processId), secret)
export const commandComplete = (tag: string) => message("C", cstring(tag))
export const readyForQuery = (status: TransactionStatus) => message("Z", Buffer.from(status, "latin1"))
export const parameterDescription = (oids: number[]) => message("t", int16(oids.length), ...oids.map(int32))

/** Tells a newer client that 3.0 is what it gets, and which of its options are not known. */
export function negotiateProtocolVersion(unknownOptions: string[]): Buffer {
  return message("v", int32(0), int32(unknownOptions.length), ...unknownOptions.map(cstring))
}

export function rowDescription(fields: Field[], formats: Format[]): Buffer {
  const parts = fields.map((field, index) => {
    const tail = Buffer.alloc(18)
    tail.writeUInt32BE(field.typeOid, 6)
    tail.writeInt16BE(field.typeSize, 10)
    tail.writeInt32BE(field.typeModifier, 12)
    tail.writeInt16BE(formats[index] ?? 0, 16)
    return Buffer.concat([cstring(field.name), tail])
  })
  return message("T", int16(fields.length), ...parts)
}

export function errorResponse(error: PgError): Buffer {
  const severity = error.fatal ? "FATAL" : "ERROR"
  const parts = [
    cstring(`S${severity}`),
    cstring(`V${severity}`),
    cstring(`C${error.code}`),
    cstring(`M${error.message}`),
  ]
  if (error.detail !== undefined) parts.push(cstring(`D${error.detail}`))
  if (error.hint !== undefined) parts.push(cstring(`H${error.hint}`))
  if (error.position !== undefined) parts.push(cstring(`P${error.position}`))
  return message("E", ...parts, Buffer.alloc(1))
}

/** 00000: nothing failed. */
export function noticeResponse(text: string): Buffer {
  const fields = ["SNOTICE", "VNOTICE", "C00000", `M${text}`]
  return message("N", ...fields.map(cstring), Buffer.alloc(1))
}

/** An upper bound first, so that one buffer per batch is enough: three bytes of UTF-8 per UTF-16 unit at most. */
function batchBytesAtMost(batch: RowBatch): number {
  let bytes = batch.rowCount * (7 + 4 * batch.columns.length)
  for (const column of batch.columns) {
    for (const value of column) {
      if (value !== null) bytes += typeof value === "string" ? value.length * 3 : value.length
    }
  }
  return bytes
}

/** All DataRow messages of a batch in one buffer. */
export function dataRows(batch: RowBatch): Buffer {
  const out = Buffer.allocUnsafe(batchBytesAtMost(batch))
  let at = 0
  for (let row = 0; row < batch.rowCount; row++) {
    const start = at
    out[at] = 0x44
    at = out.writeUInt16BE(batch.columns.length, at + 5)
    for (const column of batch.columns) {
      const value = column[row] ?? null
      if (value === null) {
        at = out.writeInt32BE(-1, at)
        continue
      }
      const written = typeof value === "string" ? out.write(value, at + 4) : copyInto(out, value, at + 4)
      out.writeInt32BE(written, at)
      at += 4 + written
    }
    out.writeUInt32BE(at - start - 1, start + 1)
  }
  return out.subarray(0, at)
}

export function copyOutResponse({ format, columns }: { format: Format; columns: number }): Buffer {
  const formats = Array.from({ length: columns }, () => int16(format))
  return message("H", Buffer.of(format), int16(columns), ...formats)
}

/** All CopyData messages of a batch in one buffer. */
export function copyData(entries: EncodedColumn): Buffer {
  return Buffer.concat(
    entries.map((entry) =>
      message("d", typeof entry === "string" ? Buffer.from(entry) : (entry ?? Buffer.alloc(0))),
    ),
  )
}

function copyInto(out: Buffer, bytes: Uint8Array, at: number): number {
  out.set(bytes, at)
  return bytes.length
}
