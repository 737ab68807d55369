import { type AttributeValue, type DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb"
import type { AnswerTable, Asked } from "../source.ts"
import { tableName } from "./carts.ts"

/** `status` and `total` have columns of their own, what is nested in the item is found in `value`. */
export const statement = `SELECT value."customer"."M"."country"."S"::varchar AS country, count(*) AS carts,
       count(*) FILTER (WHERE status = 'paid') AS paid, sum(total::decimal(14,2)) AS worth
FROM ${tableName} GROUP BY 1 ORDER BY worth DESC, 1`

export const inPostgres = statement.replace(
  `value."customer"."M"."country"."S"::varchar`,
  `value->'customer'->'M'->'country'->>'S'`,
)

/** The same answer, from every item. */
export function openScan(client: DynamoDBClient): Asked {
  return {
    async ask() {
      const countries = new Map<string, Tally>()
      let from: Record<string, AttributeValue> | undefined
      do {
        const page = await client.send(new ScanCommand({ ...scan, ExclusiveStartKey: from }))
        for (const item of page.Items ?? []) add(countries, item)
        from = page.LastEvaluatedKey
      } while (from !== undefined)
      return tableOf(countries)
    },
    close: async () => undefined,
  }
}

interface Tally {
  carts: number
  paid: number
  cents: bigint
}

const scan = {
  TableName: tableName,
  ConsistentRead: true,
  ProjectionExpression: "customer.country, #status, #total",
  ExpressionAttributeNames: { "#status": "status", "#total": "total" },
}

function add(countries: Map<string, Tally>, item: Record<string, AttributeValue>): void {
  const country = item.customer?.M?.country?.S ?? ""
  const tally = countries.get(country) ?? { carts: 0, paid: 0, cents: 0n }
  tally.carts++
  if (item.status?.S === "paid") tally.paid++
  tally.cents += centsOf(item.total?.N ?? "0")
  countries.set(country, tally)
}

/** Sums of floating-point numbers would not be equal to anything. */
function centsOf(amount: string): bigint {
  const [whole = "0", part = ""] = amount.split(".")
  return BigInt(whole) * 100n + BigInt(part.padEnd(2, "0"))
}

function tableOf(countries: Map<string, Tally>): AnswerTable {
  const sorted = [...countries].sort(([a, { cents: x }], [b, { cents: y }]) =>
    x === y ? (a < b ? -1 : 1) : x > y ? -1 : 1,
  )
  return {
    header: ["country", "carts", "paid", "worth"],
    rows: sorted.map(([country, { carts, paid, cents }]) => [
      country,
      String(carts),
      String(paid),
      `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`,
    ]),
  }
}
