import pg from "pg"
import { startEmbeddedPostgres } from "../../../embedded-postgres/server.ts"
import { connectForText } from "../../connect.ts"
import { drawn } from "../chance.ts"
import { demoFolderName } from "../folder.ts"
import { askedOver } from "../screen/answers.ts"
import { type ShopSize, shopSize } from "../shop-size.ts"
import type { CloudPlace, DemoSource, Hand, Shop } from "../source.ts"
import { makeShop } from "./shop.ts"
import { bigHappening, smallHappenings } from "./traffic.ts"

export const postgresDemo: DemoSource = {
  name: "PostgreSQL",
  usualRows: 320_000,
  mostRows: 100_000_000,
  missing: async () => undefined,
  start,
}

const database = "shop"

/** Valid word for word on both sides. */
const question = `SELECT p.category, count(DISTINCT o.id) AS orders, sum(i.quantity) AS pieces,
       sum(i.quantity * i.unit_price) AS revenue, max(o.placed_at) AS latest
FROM order_items i JOIN orders o ON o.id = i.order_id JOIN products p ON p.id = i.product_id
WHERE o.status <> 'returned'
GROUP BY p.category ORDER BY revenue DESC`

async function start(folder: string, totalRows: number, { account, region }: CloudPlace): Promise<Shop> {
  const server = await startEmbeddedPostgres({ folder })
  const version = await prepare(server.url()).catch(async (error: unknown) => {
    await server.stop()
    throw error
  })
  const url = server.url(database)
  const size = shopSize(totalRows)
  return {
    server: `PostgreSQL ${version}`,
    port: server.port,
    tables: "5 tables",
    entry: { arn: `arn:aws:rds:${region}:${account}:db:shop`, engine: "postgres", url },
    creation: { api: "rds", dataFilter: `include: ${database}.public.*` },
    seed: () => makeShop(url, size),
    traffic: { perSecond: 300, openHand: () => openHand(url, size) },
    question: {
      statement: question,
      openSource: async () => askedOver(await connectForText({ url }), question),
    },
    hints: {
      change: `psql "$(sed -n 's/^ *url: *//p' ${demoFolderName}/millrace.yaml | head -1)"`,
      statement: "select status, count(*) from orders group by 1",
    },
    stop: () => server.stop(),
  }
}

/** Makes the database; answers the server's version. */
async function prepare(url: string): Promise<string> {
  const client = await connect(url)
  try {
    await client.query(`CREATE DATABASE ${database}`)
    const { rows } = await client.query<{ server_version: string }>("SHOW server_version")
    return rows[0]?.server_version ?? ""
  } finally {
    await client.end()
  }
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  // A broken connection shows in the statement at hand or the next.
  client.on("error", () => undefined)
  await client.connect()
  return client
}

/** What the writers do to each other when they meet, as in any busy shop: the transaction is given up. */
const lostRaces = new Set(["40001", "40P01", "23503"])

async function openHand(url: string, shop: ShopSize): Promise<Hand> {
  const client = await connect(url)
  return {
    async write(size) {
      const { name, text, values } = size === "big" ? bigHappening : drawn(smallHappenings)
      try {
        await client.query({ name, text, values: values(shop) })
        return true
      } catch (error) {
        if (lostRaces.has((error as { code?: string }).code ?? "")) return false
        throw error
      }
    },
    close: () => client.end(),
  }
}
