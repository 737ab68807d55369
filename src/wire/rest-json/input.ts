import { parsedBody, type Read, readValues } from "../aws-json/json-values.ts"
import type { WireRequest } from "../http/message.ts"
import type { Shape, ShapeValue } from "../shapes/shape.ts"
import type { Located } from "./route.ts"

/** The input of an operation: what is in the path, in the query and in the body. */
export function readRestInput(
  { operation, labels }: Located,
  request: Pick<WireRequest, "query" | "body">,
): Read<ShapeValue> {
  const body = parsedBody(request.body)
  if ("fault" in body) return body
  if (typeof body.ok !== "object" || body.ok === null || Array.isArray(body.ok))
    return readValues(operation.input, body.ok)
  const query = new URLSearchParams(request.query)
  const given = Object.entries(operation.query ?? {}).flatMap(([member, name]) => {
    const values = query.getAll(name)
    const shape = operation.input.members[member]
    return values.length === 0 || shape === undefined ? [] : [[member, fromTexts(shape, values)] as const]
  })
  return readValues(operation.input, {
    ...body.ok,
    ...Object.fromEntries(given),
    ...Object.fromEntries(labels),
  })
}

/** What cannot be read stays a text, which the shape's limits refuse. */
function fromTexts(shape: Shape, values: readonly string[]): unknown {
  const [first = ""] = values
  switch (shape.kind) {
    case "list":
      return values
    case "integer":
    case "double":
      return /^-?\d{1,9}$/.test(first) ? Number(first) : first
    case "boolean":
      return first === "true" ? true : first === "false" ? false : first
    default:
      return first
  }
}
