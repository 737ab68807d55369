import type { AttributeValue } from "@aws-sdk/client-dynamodb"
import { UnrepresentableColumn } from "../../replication/contracts/text-columns.ts"
import type { ColumnBuffer } from "../../replication/values/columns.ts"
import { putBytes, putInt128, putNull, putText } from "../../replication/values/columns.ts"
import { type DynamoTable, keyDecimal } from "./catalog.ts"
import { type Item, itemText, plainText } from "./item-text.ts"
import { attributeOf } from "./values/attribute-names.ts"
import { unscaled } from "./values/key-number.ts"

/** Writes an item into the columns of its table at index `row`. Throws UnrepresentableColumn, and may then have written some. */
export function putItem(table: DynamoTable, columns: readonly ColumnBuffer[], row: number, item: Item): void {
  checkKey(table, item)
  putKey(table, columns, row, item)
  const at = table.keyNames.length
  putText(columns[at] as ColumnBuffer, itemText(item))
  table.unnested.forEach((name, index) => {
    putTextOrNull(columns[at + 1 + index] as ColumnBuffer, row, attributeOf(item, name))
  })
}

/** Writes just the key; the rest is null. */
export function putKeyOnly(
  table: DynamoTable,
  columns: readonly ColumnBuffer[],
  row: number,
  key: Item,
): void {
  checkKey(table, key)
  putKey(table, columns, row, key)
  const own = table.schema.columns.length
  for (let at = table.keyNames.length; at < own; at++) putNull(columns[at] as ColumnBuffer, row)
}

/** Before anything is written: a row must not be left half. */
function checkKey({ keyNames, schema }: DynamoTable, item: Item): void {
  keyNames.forEach((name, index) => {
    const column = schema.columns[index]
    const number = attributeOf(item, name)?.N
    if (column?.type.kind === "decimal" && number !== undefined && decimalOf(number) === undefined)
      throw new UnrepresentableColumn(
        column.name,
        "A number of more digits than DECIMAL(38,10) has",
        undefined,
      )
  })
}

function decimalOf(number: string): bigint | undefined {
  return unscaled(number, keyDecimal.precision, keyDecimal.scale)
}

function putKey(
  { keyNames, schema }: DynamoTable,
  columns: readonly ColumnBuffer[],
  row: number,
  item: Item,
): void {
  keyNames.forEach((name, index) => {
    const column = columns[index] as ColumnBuffer
    const value = attributeOf(item, name)
    if (value === undefined) putNull(column, row)
    else if (schema.columns[index]?.type.kind === "decimal") putInt128(column, decimalOf(value.N ?? "") ?? 0n)
    else if (value.B !== undefined && column.type.kind === "bytes")
      putBytes(column, bufferOf(value.B), 0, value.B.length)
    else putText(column, plainText(value) ?? "")
  })
}

function putTextOrNull(column: ColumnBuffer, row: number, value: AttributeValue | undefined): void {
  const text = value === undefined ? null : plainText(value)
  if (text === null) putNull(column, row)
  else putText(column, text)
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
