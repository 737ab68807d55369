import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import type { Item } from "../item-text.ts"

/**
 * An attribute may be called `__proto__`, which the SDK loses: it writes attributes into plain objects. So such names are
 * marked in what DynamoDB sends, before the SDK reads it, and unmarked in what is sent to DynamoDB. In between, an item
 * has marked names: take attributes by `attributeOf`, names by `attributeName`.
 */
const mark = "\uE000"
const unsafeName = "__proto__"

/** What may stand for an unsafe or a marked name in JSON. */
const traces = [unsafeName, mark, "\\ue000", "\\uE000", "\\u005f", "\\u005F"].map((text) => Buffer.from(text))

/** The name under which an item's object has the attribute. */
export function markedName(name: string): string {
  return name === unsafeName || name.startsWith(mark) ? mark + name : name
}

/** The attribute's name at DynamoDB, by that in an item's object. */
export function attributeName(marked: string): string {
  return marked.startsWith(mark) ? marked.slice(mark.length) : marked
}

/** Also where the name is that of a property of every object. */
export function attributeOf(item: Item, name: string): AttributeValue | undefined {
  const marked = markedName(name)
  return Object.hasOwn(item, marked) ? item[marked] : undefined
}

/** Marks the names in an answer of DynamoDB's, in place. `response`: the SDK's, before it is read. */
export async function markNames(response: unknown): Promise<void> {
  if (!hasBody(response)) return
  const chunks: Uint8Array[] = []
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) chunks.push(chunk)
  const body = Buffer.concat(chunks)
  response.body = traces.some((trace) => body.includes(trace)) ? renamed(body, markedName) : body
}

/** Unmarks the names in a request, in place, before it is signed. */
export function unmarkNames(request: unknown): void {
  if (typeof request !== "object" || request === null || !("body" in request)) return
  const { body } = request
  if (typeof body === "string") {
    if (traces.some((trace) => body.includes(trace.toString())))
      request.body = renamed(body, attributeName).toString()
  } else if (body instanceof Uint8Array) {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    if (traces.some((trace) => bytes.includes(trace))) request.body = renamed(bytes, attributeName)
  }
}

function hasBody(response: unknown): response is { body: AsyncIterable<Uint8Array> | Buffer } {
  if (typeof response !== "object" || response === null || !("body" in response)) return false
  const { body } = response
  return typeof body === "object" && body !== null && Symbol.asyncIterator in body
}

/** JSON with other names in it. What is no JSON (a proxy's error page) stays as it is: the SDK says so. */
function renamed(body: Buffer | string, rename: (name: string) => string): Buffer {
  try {
    return Buffer.from(JSON.stringify(renamedValue(JSON.parse(body.toString()), rename)))
  } catch (error) {
    if (error instanceof SyntaxError) return Buffer.from(body)
    throw error
  }
}

function renamedValue(value: unknown, rename: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one) => renamedValue(one, rename))
  if (typeof value !== "object" || value === null) return value
  const copy: Record<string, unknown> = Object.create(null)
  for (const [name, one] of Object.entries(value)) copy[rename(name)] = renamedValue(one, rename)
  return copy
}
