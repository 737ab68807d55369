import { createHash } from "node:crypto"
import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import type { RowKey } from "../../replication/contracts/comparison.ts"
import { type DynamoTable, keyDecimal } from "./catalog.ts"
import { type Item, itemText, plainText } from "./item-text.ts"
import { attributeOf, markedName } from "./values/attribute-names.ts"
import { printed, unscaled } from "./values/key-number.ts"

/** Canonical texts of an item's key and row, as replication/contracts/comparison.ts says they must be. */
export function keyOf({ keyNames, schema }: DynamoTable, item: Item): RowKey {
  return keyNames.map((name, index) => {
    const value = attributeOf(item, name)
    if (value === undefined) return null
    switch (schema.columns[index]?.type.kind) {
      case "decimal": {
        const number = unscaled(value.N ?? "", keyDecimal.precision, keyDecimal.scale)
        return number === undefined ? (value.N ?? null) : printed(number, keyDecimal.scale)
      }
      case "bytes":
        return Buffer.from(value.B ?? []).toString("hex")
      default:
        return plainText(value)
    }
  })
}

/** MD5 of the row's text, in hexadecimal. */
export function rowHash(table: DynamoTable, item: Item): string {
  const key = keyOf(table, item).map((text, index) => {
    const isText = table.schema.columns[index]?.type.kind === "text"
    return isText ? lengthAndText(text) : `${text ?? "~"};`
  })
  const unnested = table.unnested.map((name) => {
    const value = attributeOf(item, name)
    return lengthAndText(value === undefined ? null : plainText(value))
  })
  return createHash("md5")
    .update([...key, lengthAndText(itemText(item)), ...unnested].join(""))
    .digest("hex")
}

function lengthAndText(text: string | null): string {
  return text === null ? "~" : `${codePoints(text)}:${text}`
}

function codePoints(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

/** What DynamoDB calls the row of that key. */
export function attributesOf({ keyNames, schema }: DynamoTable, key: RowKey): Item {
  const entries = keyNames.map(markedName).map((name, index): [string, AttributeValue] => {
    const text = key[index] ?? ""
    switch (schema.columns[index]?.sourceType) {
      case "N":
        return [name, { N: text }]
      case "B":
        return [
          name,
          {
            B:
              schema.columns[index]?.type.kind === "bytes"
                ? Buffer.from(text, "hex")
                : Buffer.from(text, "base64"),
          },
        ]
      default:
        return [name, { S: text }]
    }
  })
  return Object.fromEntries(entries)
}
