import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { attributeName } from "./values/attribute-names.ts"

/**
 * The way an item is written by its parts; AWS's own name for it is "DynamoDB JSON". Names are marked, as
 * attribute-names.ts says.
 */
export type Item = Record<string, AttributeValue>

/**
 * An item as typed DynamoDB JSON. DynamoDB orders neither attributes nor members of sets: here both are sorted, so that
 * equal items have equal texts. Numbers keep every digit, as DynamoDB writes them; bytes are base64.
 */
export function itemText(item: Item): string {
  return mapText(item)
}

function mapText(map: Item): string {
  const names = Object.keys(map)
  if (names.every((name) => attributeName(name) === name)) names.sort()
  else names.sort((a, b) => (attributeName(a) < attributeName(b) ? -1 : 1))
  const parts = names.map(
    (name) => `${JSON.stringify(attributeName(name))}:${attributeText(map[name] as AttributeValue)}`,
  )
  return `{${parts.join(",")}}`
}

/** One attribute with its type, as `{"N":"12"}`. */
function attributeText(value: AttributeValue): string {
  if (value.S !== undefined) return `{"S":${JSON.stringify(value.S)}}`
  if (value.N !== undefined) return `{"N":"${value.N}"}`
  if (value.BOOL !== undefined) return `{"BOOL":${value.BOOL}}`
  if (value.NULL !== undefined) return `{"NULL":${value.NULL}}`
  if (value.M !== undefined) return `{"M":${mapText(value.M)}}`
  if (value.L !== undefined) return `{"L":[${value.L.map(attributeText).join(",")}]}`
  if (value.B !== undefined) return `{"B":"${base64(value.B)}"}`
  if (value.SS !== undefined) return `{"SS":[${value.SS.map((one) => JSON.stringify(one)).sort()}]}`
  if (value.NS !== undefined) return `{"NS":[${value.NS.map((one) => `"${one}"`).sort()}]}`
  if (value.BS !== undefined) return `{"BS":[${value.BS.map((one) => `"${base64(one)}"`).sort()}]}`
  // DynamoDB Local leaves out the type of an empty map in its streams.
  if (Object.keys(value).length === 0) return '{"M":{}}'
  throw new Error("DynamoDB sent an attribute of a type that is not known.")
}

/** An attribute without its type, for a column of its own: text and numbers as they are, anything else as typed JSON. */
export function plainText(value: AttributeValue): string | null {
  if (value.NULL !== undefined) return null
  if (value.S !== undefined) return value.S
  if (value.N !== undefined) return value.N
  if (value.BOOL !== undefined) return String(value.BOOL)
  if (value.B !== undefined) return base64(value.B)
  return attributeText(value)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
}
