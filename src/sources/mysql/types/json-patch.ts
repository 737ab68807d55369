import { readLength } from "../stream/table-map.ts"
import { type BinaryJson, binaryJson, isContainer, jsonText, membersOf, quoted } from "./json-binary.ts"

/** Partial updates of JSON values (binlog_row_value_options = PARTIAL_JSON): the log has what changed, as the server's `Json_diff`. */

const operations = { replace: 0, insert: 1, remove: 2 } as const

/** A value of which parts may have been changed. */
type Node = BinaryJson | Opened

interface Opened {
  /** Of an object, in the server's order; `undefined`: an array. */
  keys: string[] | undefined
  values: Node[]
}

type Leg = string | number

/** The text of `before` with the changes in `bytes[start, end)`; `undefined`: they do not fit it. */
export function patchedText(
  before: BinaryJson,
  bytes: Buffer,
  start: number,
  end: number,
): string | undefined {
  let root: Node = before
  const cursor = { at: start }
  while (cursor.at < end) {
    const operation = bytes[cursor.at++]
    const pathLength = readLength(bytes, cursor)
    const legs = legsOf(bytes.toString("utf8", cursor.at, cursor.at + pathLength))
    cursor.at += pathLength
    let value: BinaryJson | undefined
    if (operation !== operations.remove) {
      const length = readLength(bytes, cursor)
      value = binaryJson(bytes, cursor.at, cursor.at + length)
      cursor.at += length
    }
    if (cursor.at > end || legs === undefined) return undefined
    const changed = withChange(root, legs, operation, value)
    if (changed === undefined) return undefined
    root = changed
  }
  return textOf(root)
}

function textOf(node: Node): string {
  if (!("values" in node)) return jsonText(node)
  const { keys, values } = node
  if (keys === undefined) return `[${values.map(textOf).join(", ")}]`
  return `{${values.map((value, index) => `${quoted(keys[index] ?? "")}: ${textOf(value)}`).join(", ")}}`
}

function opened(node: Node): Opened | undefined {
  if ("values" in node) return node
  return isContainer(node) ? membersOf(node) : undefined
}

/** `node` with one change at the end of the path. Opens only what lies on the path. */
function withChange(
  node: Node,
  [leg, ...rest]: Leg[],
  operation: number | undefined,
  value: BinaryJson | undefined,
): Node | undefined {
  if (leg === undefined) return operation === operations.replace ? value : undefined
  const parent = opened(node)
  if (parent === undefined || (typeof leg === "string") !== (parent.keys !== undefined)) return undefined
  const place = typeof leg === "string" ? (parent.keys?.indexOf(leg) ?? -1) : leg
  const known = parent.values[place]
  if (rest.length > 0 || operation === operations.replace) {
    const changed = known && withChange(known, rest, operation, value)
    if (changed === undefined) return undefined
    parent.values[place] = changed
    return parent
  }
  if (operation === operations.remove) {
    if (known === undefined) return undefined
    parent.values.splice(place, 1)
    parent.keys?.splice(place, 1)
    return parent
  }
  return value && insert(parent, leg, known !== undefined, value)
}

function insert(parent: Opened, leg: Leg, isThere: boolean, value: BinaryJson): Node | undefined {
  if (typeof leg === "number") {
    parent.values.splice(leg, 0, value)
    return parent
  }
  if (isThere || parent.keys === undefined) return undefined
  const found = parent.keys.findIndex((key) => comesBefore(leg, key))
  const place = found === -1 ? parent.keys.length : found
  parent.keys.splice(place, 0, leg)
  parent.values.splice(place, 0, value)
  return parent
}

/** The server orders keys by their length in bytes, then by their bytes. */
function comesBefore(key: string, other: string): boolean {
  const [one, two] = [Buffer.from(key), Buffer.from(other)]
  return one.length === two.length ? one.compare(two) < 0 : one.length < two.length
}

/** Of a path as the server writes it: `$.name."any name"[7]`. `undefined`: it is none. */
function legsOf(path: string): Leg[] | undefined {
  const legs: Leg[] = []
  const pattern = /\[(\d+)\]|\.("(?:[^"\\]|\\.)*")|\.([^.["\]]+)/gsy
  pattern.lastIndex = 1
  while (pattern.lastIndex < path.length) {
    const match = pattern.exec(path)
    if (match === null) return undefined
    const [, cell, quotedName, name] = match
    if (cell !== undefined) legs.push(Number(cell))
    else legs.push(quotedName === undefined ? (name ?? "") : String(JSON.parse(quotedName)))
  }
  return path.startsWith("$") ? legs : undefined
}
