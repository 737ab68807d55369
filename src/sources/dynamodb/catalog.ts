import { DescribeTableCommand, type TableDescription } from "@aws-sdk/client-dynamodb"
import type { Column, ColumnType, TableSchema } from "../../domain/table.ts"
import { type TextColumns, withTextColumns } from "../../replication/contracts/text-columns.ts"
import type { Clients } from "./client.ts"
import { nameOf, problemOf } from "./errors.ts"

export type KeyType = "S" | "N" | "B"

/** The table as DynamoDB describes it, and as it lands. */
export interface DynamoTable {
  schema: TableSchema
  /** Names of the key's attributes: the first columns, in this order. */
  keyNames: string[]
  /** Attributes with columns of their own, behind the item's. */
  unnested: string[]
  items: number
  stream: TableStream | undefined
}

export interface TableStream {
  arn: string
  isEnabled: boolean
  /** NEW_IMAGE, OLD_IMAGE, NEW_AND_OLD_IMAGES or KEYS_ONLY. */
  view: string
}

/** Every item, as typed DynamoDB JSON, lands in this column; see `columnNames` for attributes called so. */
const itemColumn = "value"

/** Number keys land as the cloud lands them, DECIMAL(38,10); one with more digits makes its column text. */
export const keyDecimal = { precision: 38, scale: 10 } as const

const keyTypes: Record<KeyType, ColumnType> = {
  S: { kind: "text" },
  N: { kind: "decimal", ...keyDecimal },
  B: { kind: "bytes" },
}

/** `undefined`: there is no such table (any more). Throws Problem. */
export async function readTable(clients: Clients): Promise<DynamoTable | undefined> {
  const { tableName, unnest } = clients.address
  try {
    const { Table } = await clients.tables.send(new DescribeTableCommand({ TableName: tableName }))
    if (Table === undefined || Table.TableStatus === "DELETING") return undefined
    return tableOf(Table, tableName, unnest)
  } catch (error) {
    if (nameOf(error) === "ResourceNotFoundException") return undefined
    throw problemOf(error, `describing the table ${tableName}`)
  }
}

function tableOf(table: TableDescription, name: string, unnest: readonly string[]): DynamoTable {
  const types = new Map(
    table.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType as KeyType]),
  )
  const keyNames = (table.KeySchema ?? []).flatMap(({ AttributeName }) => AttributeName ?? [])
  const unnested = unnest.filter((attribute) => !keyNames.includes(attribute))
  const [, ...names] = columnNames([itemColumn, ...keyNames, ...unnested])
  const keys = keyNames.map((attribute, index): Column => {
    const type = types.get(attribute) ?? "S"
    return { name: names[index] ?? attribute, type: keyTypes[type], sourceType: type }
  })
  const schema: TableSchema = {
    // A table made anew under the same name is another one. (DynamoDB Local knows no ids.)
    id: table.TableId ?? `${name}-${table.CreationDateTime?.getTime() ?? 0}`,
    schema: "public",
    name,
    columns: [
      ...keys,
      { name: itemColumn, type: { kind: "json" }, sourceType: "item" },
      ...unnested.map(
        (attribute, index): Column => ({
          name: names[keyNames.length + index] ?? attribute,
          type: { kind: "text" },
          sourceType: "attribute",
        }),
      ),
    ],
    key: keys.map((_, index) => index),
  }
  return { schema, keyNames, unnested, items: table.ItemCount ?? 0, stream: streamOf(table) }
}

/**
 * Names of columns, in order. Attributes cannot be renamed at the source, so one whose name is taken gets `_` before it:
 * a key called `value` is `_value`. A warehouse may take names that differ only in case for one.
 */
function columnNames(attributes: readonly string[]): string[] {
  const taken = new Set<string>()
  return attributes.map((attribute) => {
    let name = attribute
    while (taken.has(name.toLowerCase())) name = `_${name}`
    taken.add(name.toLowerCase())
    return name
  })
}

function streamOf({ LatestStreamArn, StreamSpecification }: TableDescription): TableStream | undefined {
  if (LatestStreamArn === undefined) return undefined
  return {
    arn: LatestStreamArn,
    isEnabled: StreamSpecification?.StreamEnabled ?? false,
    view: StreamSpecification?.StreamViewType ?? "",
  }
}

/** Whether a stream of this view tells what rows become. */
export function hasNewImages({ view }: TableStream): boolean {
  return view === "NEW_IMAGE" || view === "NEW_AND_OLD_IMAGES"
}

export function keptAsText(table: DynamoTable, texts: TextColumns): DynamoTable {
  return { ...table, schema: withTextColumns(table.schema, texts.get(table.schema.id)) }
}
