/** Values of awsJson1_0 and restJson1 along their shapes. Timestamps are seconds since 1970, with a fraction. */
import { unreachable } from "../../domain/unreachable.ts"
import { isStructure, violationMessage, violations } from "../shapes/constraints.ts"
import type { Shape, ShapeValue, StructureShape } from "../shapes/shape.ts"
import type { JsonFault } from "./fault.ts"

export type Read<T> = { ok: T } | { fault: JsonFault }

/** The input of an operation: members that are null are absent, members that the shape does not know are left out. */
export function readJsonInput(shape: StructureShape, body: Uint8Array): Read<ShapeValue> {
  const parsed = parsedBody(body)
  return "fault" in parsed ? parsed : readValues(shape, parsed.ok)
}

/** As `readJsonInput`, of what was parsed already. */
export function readValues(shape: StructureShape, parsed: unknown): Read<ShapeValue> {
  const value = fromJson(shape, parsed)
  if (value === undefined)
    return { fault: serializationFault("The body is not a JSON object of this operation.") }
  const broken = violations(shape, value)
  if (broken.length === 0) return { ok: value }
  return { fault: { code: "ValidationException", status: 400, message: violationMessage(broken) } }
}

/** An empty body is one without members. */
export function parsedBody(body: Uint8Array): Read<unknown> {
  if (body.length === 0) return { ok: {} }
  try {
    return { ok: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError)
      return { fault: serializationFault("The body is not JSON in UTF-8.") }
    throw error
  }
}

function serializationFault(message: string): JsonFault {
  return { code: "SerializationException", status: 400, message }
}

/** What is of another type stays as it is: the shape's limits refuse it. */
function fromJson(shape: Shape, value: unknown): ShapeValue | undefined {
  if (value === null || value === undefined) return undefined
  switch (shape.kind) {
    case "string":
    case "integer":
    case "double":
    case "boolean":
      return typeof value === "object" ? {} : (value as ShapeValue)
    case "timestamp":
      return typeof value === "number" ? new Date(value * 1_000) : (value as ShapeValue)
    case "list":
      return Array.isArray(value) ? listFrom(shape.item, value) : {}
    case "map":
    case "structure":
      return isObject(value) ? membersFrom(shape, value) : []
    default:
      return unreachable(shape)
  }
}

/** Without what is null. */
function listFrom(item: Shape, values: readonly unknown[]): ShapeValue[] {
  return values.map((one) => fromJson(item, one)).filter((one) => one !== undefined)
}

function membersFrom(shape: Extract<Shape, { kind: "map" | "structure" }>, value: object): ShapeValue {
  const given = Object.entries(value)
  const known = shape.kind === "map" ? given : given.filter(([name]) => Object.hasOwn(shape.members, name))
  const read = known.map(([name, one]) => {
    const member = shape.kind === "map" ? shape.value : shape.members[name]
    return [name, member && fromJson(member, one)] as const
  })
  return Object.fromEntries(read.filter(([, one]) => one !== undefined))
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The body of an answer. */
export function jsonText(value: ShapeValue): string {
  return JSON.stringify(toJson(value))
}

function toJson(value: ShapeValue): unknown {
  if (value instanceof Date) return value.getTime() / 1_000
  if (Array.isArray(value)) return value.map(toJson)
  if (!isStructure(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [[name, toJson(one)] as const])),
  )
}
