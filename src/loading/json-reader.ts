import { isUtf8 } from "node:buffer"
import { type CopyOptions, loadErrorCodes } from "../domain/copy.ts"
import { foldName } from "../domain/sql-access.ts"
import { unreachable } from "../domain/unreachable.ts"
import { atJsonPath, type JsonPath } from "./json-paths.ts"
import { membersOf, textOf } from "./json-text.ts"
import { LoadFailure, type RecordReader, rowBytesAtMost } from "./record-reader.ts"
import { type RowWriter, rawCharacters } from "./row-writer.ts"

/** Where a row's fields are in its JSON. */
export type JsonShape =
  | { kind: "names"; columns: readonly string[]; ignoreCase: boolean }
  | { kind: "whole" }
  | { kind: "paths"; paths: readonly JsonPath[] }

const [newline, quote, backslash] = [10, 34, 92]
const opening = [0x7b, 0x5b]
const closing = [0x7d, 0x5d]
const between = [0x20, 0x09, 0x0a, 0x0d, 0x2c]

/** A file that is being read. */
interface JsonReading {
  readonly shape: JsonShape
  readonly keepsJson: readonly boolean[]
  readonly options: CopyOptions
  readonly writer: RowWriter
  /** What has come of a value that is not whole. */
  carried: Buffer
  /** Counted from 1. */
  line: number
}

/** Reads JSON values that follow one another. */
export function jsonReader(
  shape: JsonShape,
  /** By field: whether a value stays JSON. */
  keepsJson: readonly boolean[],
  options: CopyOptions,
  writer: RowWriter,
): RecordReader {
  const reading: JsonReading = { shape, keepsJson, options, writer, carried: Buffer.alloc(0), line: 1 }
  return {
    push(chunk) {
      const { carried } = reading
      const buffer = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
      reading.carried = buffer.subarray(readValues(reading, buffer))
      if (reading.carried.length > rowBytesAtMost) throw invalid(reading, "A JSON value is longer than 4 MB")
    },
    end() {
      if (reading.carried.length > 0) throw invalid(reading, "Invalid JSON: the file ends inside a value")
    },
  }
}

function invalid({ line }: JsonReading, reason: string): LoadFailure {
  return new LoadFailure(loadErrorCodes.invalidLine, reason, line)
}

/** Takes the values that are whole; returns where the first begins that is not. */
function readValues(reading: JsonReading, buffer: Buffer): number {
  let at = 0
  for (;;) {
    const start = skipBetween(buffer, at)
    reading.line += linesIn(buffer, at, start)
    if (start >= buffer.length) return start
    if (!opening.includes(buffer[start] ?? 0))
      throw invalid(reading, "Invalid JSON: an object must begin here")
    const end = structureEnd(buffer, start)
    if (end < 0) return start
    takeRow(reading, buffer.subarray(start, end))
    reading.line += linesIn(buffer, start, end)
    at = end
  }
}

function takeRow(reading: JsonReading, bytes: Buffer): void {
  const { shape, options, writer } = reading
  const isValid = isUtf8(bytes)
  if (!isValid && options.acceptInvalidCharacters === undefined)
    return reject(reading, bytes, {
      code: loadErrorCodes.invalidUtf8,
      reason: "String contains invalid or unsupported UTF8 codepoints",
    })
  const decoded = bytes.toString()
  const text = isValid ? decoded : decoded.replaceAll("\ufffd", options.acceptInvalidCharacters ?? "?")
  if (!isJson(text))
    return reject(reading, bytes, { code: loadErrorCodes.invalidLine, reason: "Invalid JSON" })
  const fields = fieldsOf(shape, text)
  if (fields === undefined)
    return reject(reading, bytes, { code: loadErrorCodes.invalidLine, reason: "Invalid JSON: not an object" })
  for (const [field, raw] of fields.entries()) putField(reading, field, raw)
  writer.endRow(reading.line)
}

/** `raw`: the value as the file has it; `undefined`: it has none. */
function putField({ keepsJson, options, writer }: JsonReading, field: number, raw: string | undefined): void {
  const isNull = raw === undefined || raw === "null"
  const value = isNull ? null : keepsJson[field] === true ? raw : textOf(raw)
  if (value === null || value === options.nullAs) writer.putNull(field)
  else writer.putText(field, value)
}

function reject(
  { writer, line }: JsonReading,
  bytes: Buffer,
  refusal: { code: number; reason: string },
): void {
  const rawLine = bytes
    .subarray(0, rawCharacters * 4)
    .toString()
    .slice(0, rawCharacters)
  writer.reject({ line, field: undefined, position: 0, rawLine, rawValue: "", ...refusal })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return false
  }
}

/** The raw fields of a row; undefined: it is no object. */
function fieldsOf(shape: JsonShape, text: string): (string | undefined)[] | undefined {
  switch (shape.kind) {
    case "whole":
      return [text]
    case "paths":
      return shape.paths.map((path) => atJsonPath(text, path))
    case "names": {
      if (!text.startsWith("{")) return undefined
      const members = membersOf(text)
      if (!shape.ignoreCase)
        return shape.columns.map((name) => members.get(foldName(name)) ?? members.get(name))
      const folded = new Map([...members].map(([key, raw]) => [key.toLowerCase(), raw]))
      return shape.columns.map((name) => folded.get(name.toLowerCase()))
    }
    default:
      return unreachable(shape)
  }
}

function skipBetween(buffer: Buffer, from: number): number {
  let at = from
  while (at < buffer.length && between.includes(buffer[at] ?? 0)) at++
  return at
}

function linesIn(buffer: Buffer, from: number, to: number): number {
  let lines = 0
  for (
    let at = buffer.indexOf(newline ?? 10, from);
    at >= 0 && at < to;
    at = buffer.indexOf(newline ?? 10, at + 1)
  )
    lines++
  return lines
}

/** Past the bracket that closes; -1: not in the buffer yet. */
function structureEnd(buffer: Buffer, start: number): number {
  let depth = 0
  let isString = false
  for (let at = start; at < buffer.length; at++) {
    const byte = buffer[at] ?? 0
    if (isString) {
      if (byte === backslash) at++
      else if (byte === quote) isString = false
    } else if (byte === quote) isString = true
    else if (opening.includes(byte)) depth++
    else if (closing.includes(byte) && --depth === 0) return at + 1
  }
  return -1
}
