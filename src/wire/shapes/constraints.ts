import { unreachable } from "../../domain/unreachable.ts"
import type { ListShape, MapShape, Shape, ShapeValue, StringShape, StructureShape } from "./shape.ts"

export type Violation =
  /** A required member that is not there; `path` is its wire path. */
  { kind: "missing"; path: string } | { kind: "constraint"; path: string; message: string }

// Enough to recognise one's own value; a megabyte of it need not travel back.
const shownCharacters = 256

/** Every way in which the value breaks the limits of its shape, in the order of the shape's members. */
export function violations(shape: Shape, value: ShapeValue, path = ""): Violation[] {
  switch (shape.kind) {
    case "string":
      return typeof value === "string" ? stringViolations(shape, value, path) : wrongType(path, "a string")
    case "integer":
      return typeof value === "number"
        ? rangeViolations(shape, value, value, "value", path)
        : wrongType(path, "an integer")
    case "double":
      return typeof value === "number"
        ? rangeViolations(shape, value, value, "value", path)
        : wrongType(path, "a number")
    case "boolean":
      return typeof value === "boolean" ? [] : wrongType(path, "a boolean")
    case "timestamp":
      return value instanceof Date ? [] : wrongType(path, "a timestamp")
    case "list":
      return Array.isArray(value) ? listViolations(shape, value, path) : wrongType(path, "a list")
    case "map":
      return isStructure(value) ? mapViolations(shape, value, path) : wrongType(path, "a map")
    case "structure":
      return isStructure(value) ? structureViolations(shape, value, path) : wrongType(path, "a structure")
    default:
      return unreachable(shape)
  }
}

/** The one message for all broken constraints, worded as AWS does. */
export function violationMessage(found: readonly Violation[]): string {
  const messages = found.map((one) =>
    one.kind === "missing"
      ? `Value null at '${shownPath(one.path)}' failed to satisfy constraint: Member must not be null`
      : one.message,
  )
  const count = messages.length
  return `${count} validation error${count === 1 ? "" : "s"} detected: ${messages.join("; ")}`
}

export function isStructure(
  value: ShapeValue | undefined,
): value is { [name: string]: ShapeValue | undefined } {
  return typeof value === "object" && !Array.isArray(value) && !(value instanceof Date)
}

function structureViolations(
  shape: StructureShape,
  value: { [name: string]: ShapeValue | undefined },
  path: string,
): Violation[] {
  return Object.entries(shape.members).flatMap(([name, member]) => {
    const inner = joined(path, name)
    const given = value[name]
    if (given !== undefined) return violations(member, given, inner)
    return shape.required?.includes(name) ? [{ kind: "missing", path: inner } satisfies Violation] : []
  })
}

function listViolations(shape: ListShape, value: ShapeValue[], path: string): Violation[] {
  const size = rangeViolations(shape, value.length, `${value.length} members`, "length", path)
  if (size.length > 0) return size
  return value.flatMap((item, at) => violations(shape.item, item, `${path}.${shape.itemName}.${at + 1}`))
}

function mapViolations(
  shape: MapShape,
  value: { [name: string]: ShapeValue | undefined },
  path: string,
): Violation[] {
  const entries = Object.entries(value)
  const size = rangeViolations(shape, entries.length, `${entries.length} entries`, "length", path)
  if (size.length > 0) return size
  return entries.flatMap(([key, item]) => [
    ...stringViolations(shape.key, key, `${path}.key`),
    ...(item === undefined ? [] : violations(shape.value, item, `${path}.value`)),
  ])
}

// Length before pattern: a pattern never sees more than `max` characters.
function stringViolations(shape: StringShape, value: string, path: string): Violation[] {
  const length = rangeViolations(shape, characters(value), value, "length", path)
  if (length.length > 0) return length
  if (shape.values !== undefined && !shape.values.includes(value)) {
    return [broken(value, path, `Member must satisfy enum value set: [${shape.values.join(", ")}]`)]
  }
  if (shape.pattern !== undefined && !compiled(shape.pattern).test(value)) {
    return [broken(value, path, `Member must satisfy regular expression pattern: ${shape.pattern}`)]
  }
  if (!isXmlText(value)) {
    return [broken(value, path, "Member must not hold control characters other than tab and line ends")]
  }
  return []
}

function rangeViolations(
  limits: { readonly min?: number; readonly max?: number },
  measure: number,
  shown: string | number,
  noun: "length" | "value",
  path: string,
): Violation[] {
  if (limits.min !== undefined && measure < limits.min) {
    return [broken(shown, path, `Member must have ${noun} greater than or equal to ${limits.min}`)]
  }
  if (limits.max !== undefined && measure > limits.max) {
    return [broken(shown, path, `Member must have ${noun} less than or equal to ${limits.max}`)]
  }
  return []
}

function broken(value: string | number, path: string, constraint: string): Violation {
  const text = String(value)
  const shown = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text
  const message = `Value '${shown}' at '${shownPath(path)}' failed to satisfy constraint: ${constraint}`
  return { kind: "constraint", path, message }
}

function wrongType(path: string, wanted: string): Violation[] {
  return [{ kind: "constraint", path, message: `Value at '${shownPath(path)}' must be ${wanted}` }]
}

function joined(path: string, name: string): string {
  return path === "" ? name : `${path}.${name}`
}

/** AWS writes members in messages with a small first letter: `sourceArn`, `tags.tag.1.key`. */
function shownPath(path: string): string {
  return path
    .split(".")
    .map((part) => part.charAt(0).toLowerCase() + part.slice(1))
    .join(".")
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count += 1
  return count
}

// XML 1.0 cannot carry these even escaped, and what cannot be answered must not be stored.
const notXml = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u

export function isXmlText(text: string): boolean {
  return !notXml.test(text)
}

const patterns = new Map<string, RegExp>()

/** Patterns come from shape data only, so the cache is as large as that data. */
function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known !== undefined) return known
  const expression = new RegExp(`^(?:${pattern})$`, "u")
  patterns.set(pattern, expression)
  return expression
}
