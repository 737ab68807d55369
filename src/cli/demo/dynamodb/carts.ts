import {
  type AttributeValue,
  BatchWriteItemCommand,
  CreateTableCommand,
  type DynamoDBClient,
  type WriteRequest,
} from "@aws-sdk/client-dynamodb"

export const tableName = "carts"
export const statuses = ["new", "paid", "packed", "shipped"] as const

/** The most that one request may write. */
export const itemsPerRequest = 25
const requestsAtOnce = 4

/** A table with a stream, which is all that replication asks for. */
export async function makeCarts(client: DynamoDBClient, total: number): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      AttributeDefinitions: [{ AttributeName: "id", AttributeType: "N" }],
      KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
      BillingMode: "PAY_PER_REQUEST",
      StreamSpecification: { StreamEnabled: true, StreamViewType: "NEW_AND_OLD_IMAGES" },
    }),
  )
  let next = 1
  const fill = async () => {
    while (next <= total) {
      const first = next
      next = Math.min(first + itemsPerRequest, total + 1)
      await putCarts(client, first, next - first)
    }
  }
  await Promise.all(Array.from({ length: requestsAtOnce }, fill))
}

/** Carts with consecutive numbers, new or in place of those that are there. */
export async function putCarts(client: DynamoDBClient, first: number, count: number): Promise<void> {
  let requests: WriteRequest[] = Array.from({ length: count }, (_, index) => ({
    PutRequest: { Item: cart(first + index) },
  }))
  while (requests.length > 0) {
    const command = new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } })
    requests = (await client.send(command)).UnprocessedItems?.[tableName] ?? []
  }
}

const customers = [
  "Ada Lovelace",
  "José Núñez",
  "Zoë Müller",
  "李小龙",
  "Наталья Ким",
  'O\'Brien "Bo"',
  "🦆 Duck",
]
export const countries = ["DE", "ES", "FR", "JP", "UA", "US"]

/** As many kinds of values as a shop has use for, nested as they come. */
export function cart(id: number): Record<string, AttributeValue> {
  return {
    id: { N: String(id) },
    status: { S: of(statuses, id) },
    total: { N: (Math.floor(Math.random() * 90_000) / 100).toFixed(2) },
    customer: {
      M: {
        name: { S: `${of(customers, id)} ${id % 1000}` },
        country: { S: of(countries, id * 7) },
        visits: { N: String(id % 90) },
        newsletter: id % 5 === 0 ? { NULL: true } : { BOOL: id % 2 === 0 },
      },
    },
    lines: { L: Array.from({ length: 1 + (id % 3) }, (_, line) => cartLine(id + line)) },
    tags: { SS: ["søk", `t${id % 40}`] },
    // As exact as numbers get here: 38 digits.
    weight: { N: `${id % 97}.${String(id).padStart(30, "7")}` },
    ...(id % 4 === 0 && { thumbnail: { B: Buffer.from(`image ${id}`) } }),
    ...(id % 11 === 0 && { note: { S: `two\nlines and a \ttab, № ${id}` } }),
  }
}

export function cartLine(number: number): AttributeValue {
  return {
    M: {
      sku: { S: `SKU-${number % 6400}` },
      quantity: { N: String(1 + (number % 5)) },
      price: { N: String((number % 40_000) / 100) },
    },
  }
}

function of<T>(all: readonly T[], index: number): T {
  return all[index % all.length] as T
}
