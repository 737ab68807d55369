import {
  type AttributeValue,
  DeleteItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb"
import { drawn, upTo } from "../chance.ts"
import type { Hand, Traffic } from "../source.ts"
import { cartLine, itemsPerRequest, putCarts, statuses, tableName } from "./carts.ts"

/** What the hands have in common. */
interface Carts {
  client: DynamoDBClient
  /** The highest number given out. */
  last: number
}

interface Happening {
  /** How often, compared with the others. */
  weight: number
  happen(carts: Carts): Promise<unknown>
}

const bigRequests = 8

export function newTraffic(client: DynamoDBClient, totalRows: number): Traffic {
  const carts: Carts = { client, last: totalRows }
  return {
    perSecond: 50,
    openHand: async (): Promise<Hand> => ({
      write: (size) => (size === "big" ? refill(carts) : happens(drawn(happenings).happen(carts))),
      close: async () => undefined,
    }),
  }
}

/** False: the cart that was drawn is not there any more. */
async function happens(happening: Promise<unknown>): Promise<boolean> {
  try {
    await happening
    return true
  } catch (error) {
    if (error instanceof Error && error.name === "ConditionalCheckFailedException") return false
    throw error
  }
}

/** Many carts at once, new or as if they had been filled anew. */
async function refill({ client, last }: Carts): Promise<true> {
  const first = upTo(last)
  for (let request = 0; request < bigRequests; request++)
    await putCarts(client, first + request * itemsPerRequest, itemsPerRequest)
  return true
}

const happenings: readonly Happening[] = [
  {
    weight: 38, // a new cart
    happen(carts) {
      carts.last++
      return putCarts(carts.client, carts.last, 1)
    },
  },
  {
    weight: 30, // a cart moves on
    happen: (carts) =>
      update(carts, "SET #status = :status, #total = :total", {
        ":status": { S: statuses[upTo(statuses.length) - 1] ?? "new" },
        ":total": { N: (upTo(90_000) / 100).toFixed(2) },
      }),
  },
  {
    weight: 20, // one more line in a cart, and a tag
    happen: (carts) =>
      update(carts, "SET #status = :status, #lines = list_append(#lines, :line) ADD #tags :tag", {
        ":status": { S: "new" },
        ":line": { L: [cartLine(upTo(9_999))] },
        ":tag": { SS: [`ünïcödé ${upTo(50)}`] },
      }),
  },
  {
    weight: 4, // a note is dropped
    happen: (carts) => update(carts, "SET #status = :status REMOVE #note", { ":status": { S: "paid" } }),
  },
  {
    weight: 8, // a cart is left behind
    happen: (carts) =>
      carts.client.send(new DeleteItemCommand({ TableName: tableName, Key: someCart(carts) })),
  },
]

function someCart({ last }: Carts): Record<string, AttributeValue> {
  return { id: { N: String(upTo(last)) } }
}

/** Of a cart that is there: an update would make one that is not. */
function update(carts: Carts, expression: string, values: Record<string, AttributeValue>): Promise<unknown> {
  return carts.client.send(
    new UpdateItemCommand({
      TableName: tableName,
      Key: someCart(carts),
      UpdateExpression: expression,
      ConditionExpression: "attribute_exists(id)",
      // Plain names will not do: many are words that the language keeps for itself.
      ExpressionAttributeNames: Object.fromEntries(expression.matchAll(/#(\w+)/g)),
      ExpressionAttributeValues: values,
    }),
  )
}
