import { type AttributeValue, BatchGetItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb"
import type { Clients } from "./client.ts"
import { problemOf } from "./errors.ts"
import type { Item } from "./item-text.ts"

/** Parts of the table that are read at the same time. */
const segments = 4

/**
 * Every item of the table, page by page. It is no snapshot: an item is as it was at some moment of the scan. Throws
 * Problem.
 */
export async function* scan(clients: Clients, signal: AbortSignal): AsyncGenerator<Item[]> {
  const pending = new Map<number, Promise<SegmentPage>>()
  for (let segment = 0; segment < segments; segment++)
    pending.set(segment, readPage(clients, segment, undefined, signal))
  try {
    while (pending.size > 0) {
      const { segment, items, next } = await Promise.race(pending.values())
      if (next === undefined) pending.delete(segment)
      else pending.set(segment, readPage(clients, segment, next, signal))
      yield items
    }
  } finally {
    // Nobody waits for the others any more when one has failed.
    for (const page of pending.values()) page.catch(() => undefined)
  }
}

interface SegmentPage {
  segment: number
  items: Item[]
  next: Record<string, AttributeValue> | undefined
}

async function readPage(
  { tables, address }: Clients,
  segment: number,
  from: Record<string, AttributeValue> | undefined,
  signal: AbortSignal,
): Promise<SegmentPage> {
  try {
    const input = {
      TableName: address.tableName,
      ConsistentRead: true,
      Segment: segment,
      TotalSegments: segments,
      ExclusiveStartKey: from,
    }
    const { Items, LastEvaluatedKey } = await tables.send(new ScanCommand(input), { abortSignal: signal })
    return { segment, items: Items ?? [], next: LastEvaluatedKey }
  } catch (error) {
    throw problemOf(error, `reading the table ${address.tableName}`)
  }
}

/** What BatchGetItem takes at once. */
const keysAtOnce = 100
const askAgainLimit = 20

/** The items that have one of these keys. Throws Problem. */
export async function* itemsByKey(
  { tables, address }: Clients,
  keys: readonly Item[],
  signal: AbortSignal,
): AsyncGenerator<Item[]> {
  const name = address.tableName
  const waiting = [...keys]
  let asked = 0
  while (waiting.length > 0) {
    if (++asked > askAgainLimit + keys.length / keysAtOnce)
      throw problemOf(
        Object.assign(new Error("too many requests"), { name: "ThrottlingException" }),
        "reading items",
      )
    const Keys = waiting.splice(0, keysAtOnce)
    try {
      const answer = await tables.send(
        new BatchGetItemCommand({ RequestItems: { [name]: { Keys, ConsistentRead: true } } }),
        { abortSignal: signal },
      )
      waiting.push(...(answer.UnprocessedKeys?.[name]?.Keys ?? []))
      yield answer.Responses?.[name] ?? []
    } catch (error) {
      throw problemOf(error, `reading items of ${name}`)
    }
  }
}
