import { unreachable } from "../../domain/unreachable.ts"
import { type Violation, violationMessage, violations } from "../shapes/constraints.ts"
import type { ListShape, MapShape, Shape, ShapeValue, StructureShape, ValueOf } from "../shapes/shape.ts"
import { type WireFault, wireFault } from "./fault.ts"
import type { Form } from "./form.ts"

/** The parameters as a tree, one level per dot of their names. */
interface Node {
  path: string
  value: string | undefined
  children: Map<string, Node>
}

// The deepest name in scope, Filters.Filter.1.Values.Value.1, has 6 parts.
const depthLimit = 10
const indexForm = /^[1-9]\d{0,5}$/

/** Thrown inside this file only: the walk over the tree ends at the first malformed place. */
class Malformed extends Error {
  readonly fault: WireFault
  constructor(fault: WireFault) {
    super(fault.message)
    this.fault = fault
  }
}

/**
 * Reads an operation's input from its parameters (those of the envelope, `Action` and `Version`, left out) and
 * checks it against its shape: structure first, then required members, then every other limit.
 */
export function parseInput<S extends StructureShape>(
  shape: S,
  form: Form,
): { ok: ValueOf<S> } | { fault: WireFault } {
  const read = readInput(shape, form)
  if ("fault" in read) return read
  const found = violations(shape, read.ok)
  if (found.length > 0) return { fault: violationFault(found) }
  // The value was built along the shape and has passed every check of it: this is what ValueOf says.
  return { ok: read.ok as ValueOf<S> }
}

function readInput(shape: StructureShape, form: Form): { ok: ShapeValue } | { fault: WireFault } {
  try {
    return { ok: structure(shape, treeOf(form)) }
  } catch (error) {
    if (error instanceof Malformed) return { fault: error.fault }
    throw error
  }
}

function violationFault(found: Violation[]): WireFault {
  const missing = found.filter((one) => one.kind === "missing")
  if (missing.length === 0) return wireFault("ValidationError", violationMessage(found))
  const names = missing.map((one) => one.path).join(", ")
  const noun = missing.length === 1 ? "parameter" : "parameters"
  return wireFault("MissingParameter", `The request must contain the ${noun} ${names}`)
}

function treeOf(form: Form): Node {
  const root: Node = { path: "", value: undefined, children: new Map() }
  for (const [name, value] of form) {
    if (name === "Action" || name === "Version") continue
    const parts = name.split(".")
    if (parts.length > depthLimit) throw malformed(`The parameter ${name} is not known to this operation.`)
    place(root, parts, value)
  }
  return root
}

function place(root: Node, parts: string[], value: string): void {
  let node = root
  for (const part of parts) {
    let next = node.children.get(part)
    if (next === undefined) {
      next = { path: node.path === "" ? part : `${node.path}.${part}`, value: undefined, children: new Map() }
      node.children.set(part, next)
    }
    node = next
  }
  node.value = value
}

function read(shape: Shape, node: Node): ShapeValue {
  switch (shape.kind) {
    case "string":
      return scalar(node)
    case "integer":
      return integer(node)
    case "double":
      return double(node)
    case "boolean":
      return boolean(node)
    case "timestamp":
      return timestamp(node)
    case "list":
      return list(shape, node)
    case "map":
      return map(shape, node)
    case "structure":
      return structure(shape, node)
    default:
      return unreachable(shape)
  }
}

function structure(shape: StructureShape, node: Node): ShapeValue {
  if (node.value !== undefined) throw malformed(`${node.path} is a structure: give its members.`)
  const entries: [string, ShapeValue][] = []
  for (const [name, child] of node.children) {
    const member = Object.hasOwn(shape.members, name) ? shape.members[name] : undefined
    if (member === undefined) throw malformed(`The parameter ${child.path} is not known to this operation.`)
    entries.push([name, read(member, child)])
  }
  return Object.fromEntries(entries)
}

function list(shape: ListShape, node: Node): ShapeValue[] {
  if (isEmptyMark(node)) return []
  const items = onlyChild(node, shape.itemName)
  return indexed(items).map((item) => read(shape.item, item))
}

function map(shape: MapShape, node: Node): ShapeValue {
  if (isEmptyMark(node)) return {}
  const entries = new Map<string, ShapeValue>()
  for (const entry of indexed(onlyChild(node, "entry"))) {
    const [key, value] = keyAndValue(entry)
    if (entries.has(key)) throw malformed(`${node.path} holds a key more than once.`)
    entries.set(key, read(shape.value, value))
  }
  return Object.fromEntries(entries)
}

function keyAndValue(entry: Node): [string, Node] {
  const key = entry.children.get("key")
  const value = entry.children.get("value")
  if (key === undefined || value === undefined || entry.children.size !== 2 || entry.value !== undefined) {
    throw malformed(`${entry.path} must have exactly a key and a value.`)
  }
  return [scalar(key), value]
}

/** Clients send an empty list as `Name=`. */
function isEmptyMark(node: Node): boolean {
  if (node.value === undefined) return false
  if (node.value === "" && node.children.size === 0) return true
  throw malformed(`${node.path} is a list: number its members, or leave it empty.`)
}

function onlyChild(node: Node, name: string): Node {
  const child = node.children.get(name)
  if (child === undefined || node.children.size !== 1) {
    throw malformed(`The members of ${node.path} are named ${node.path}.${name}.1, ${node.path}.${name}.2, …`)
  }
  return child
}

/** The members in the order of their numbers; gaps are allowed, as clients may leave members out. */
function indexed(node: Node): Node[] {
  if (node.value !== undefined) throw malformed(`${node.path} lacks a number.`)
  const numbered = [...node.children].map(([index, child]): [number, Node] => {
    if (!indexForm.test(index)) throw malformed(`${child.path}: members are numbered from 1.`)
    return [Number(index), child]
  })
  return numbered.sort(([a], [b]) => a - b).map(([, child]) => child)
}

function scalar(node: Node): string {
  if (node.value === undefined || node.children.size > 0) {
    throw malformed(`${node.path} is a single value and has no members.`)
  }
  return node.value
}

function integer(node: Node): number {
  const text = scalar(node)
  const value = Number(text)
  if (!/^[+-]?\d{1,10}$/.test(text) || Math.abs(value) > 2_147_483_647) throw unfit(node, "an integer")
  return value
}

function double(node: Node): number {
  const text = scalar(node)
  if (!/^[+-]?\d{1,15}(?:\.\d{1,15})?$/.test(text)) throw unfit(node, "a number")
  return Number(text)
}

function boolean(node: Node): boolean {
  const text = scalar(node)
  if (text !== "true" && text !== "false") throw unfit(node, "true or false")
  return text === "true"
}

function timestamp(node: Node): Date {
  const text = scalar(node)
  const form = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/
  const value = new Date(text)
  if (!form.test(text) || Number.isNaN(value.getTime())) throw unfit(node, "a timestamp in ISO 8601 form")
  return value
}

function unfit(node: Node, wanted: string): Malformed {
  const shown = (node.value ?? "").slice(0, 64)
  return new Malformed(
    wireFault("InvalidParameterValue", `Invalid value ${shown} for ${node.path}. Must be ${wanted}`),
  )
}

function malformed(message: string): Malformed {
  return new Malformed(wireFault("InvalidQueryParameter", message))
}
