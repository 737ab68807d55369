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

/** Where the next value begins and ends; undefined: its end is not in the buffer yet. */
interface Found {
  start: number
  end: number
}

const [newline, quote, backslash] = [10, 34, 92]
const opening = [0x7b, 0x5b]
const closing = [0x7d, 0x5d]
const between = [0x20, 0x09, 0x0a, 0x0d, 0x2c]

/** Reads JSON values that follow one another. */
export function jsonReader(
  shape: JsonShape,
  /** By field: whether a value stays JSON. */
  keepsJson: readonly boolean[],
  options: CopyOptions,
  writer: RowWriter,
): RecordReader {
  let carried: Buffer = Buffer.alloc(0)
  let line = 1

  function read(buffer: Buffer): number {
    let at = 0
    for (;;) {
      const start = skipBetween(buffer, at)
      line += linesIn(buffer, at, start)
      const found = valueAt(buffer, start)
      if (found === undefined) return start
      take(buffer.subarray(found.start, found.end))
      line += linesIn(buffer, found.start, found.end)
      at = found.end
    }
  }

  function valueAt(buffer: Buffer, start: number): Found | undefined {
    if (start >= buffer.length) return undefined
    if (!opening.includes(buffer[start] ?? 0))
      throw new LoadFailure(loadErrorCodes.invalidLine, "Invalid JSON: an object must begin here", line)
    const end = structureEnd(buffer, start)
    return end < 0 ? undefined : { start, end }
  }

  function take(bytes: Buffer): void {
    if (!isUtf8(bytes) && options.acceptInvalidCharacters === undefined)
      return reject(
        bytes,
        loadErrorCodes.invalidUtf8,
        "String contains invalid or unsupported UTF8 codepoints",
      )
    const text = isUtf8(bytes)
      ? bytes.toString()
      : bytes.toString().replaceAll("\ufffd", options.acceptInvalidCharacters ?? "?")
    try {
      JSON.parse(text)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      return reject(bytes, loadErrorCodes.invalidLine, "Invalid JSON")
    }
    const fields = fieldsOf(shape, text)
    if (fields === undefined) return reject(bytes, loadErrorCodes.invalidLine, "Invalid JSON: not an object")
    for (const [field, raw] of fields.entries()) {
      const isNull = raw === undefined || raw === "null"
      const value = isNull ? null : keepsJson[field] === true ? raw : textOf(raw)
      if (value === null || value === options.nullAs) writer.putNull(field)
      else writer.putText(field, value)
    }
    writer.endRow(line)
  }

  function reject(bytes: Buffer, code: number, reason: string): void {
    const rawLine = bytes
      .subarray(0, rawCharacters * 4)
      .toString()
      .slice(0, rawCharacters)
    writer.reject({ line, field: undefined, position: 0, rawLine, rawValue: "", code, reason })
  }

  return {
    push(chunk) {
      const buffer = carried.length === 0 ? chunk : Buffer.concat([carried, chunk])
      carried = buffer.subarray(read(buffer))
      if (carried.length > rowBytesAtMost)
        throw new LoadFailure(loadErrorCodes.invalidLine, "A JSON value is longer than 4 MB", line)
    },
    end() {
      if (carried.length === 0) return
      throw new LoadFailure(loadErrorCodes.invalidLine, "Invalid JSON: the file ends inside a value", line)
    },
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
