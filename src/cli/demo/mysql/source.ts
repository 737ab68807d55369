import { randomBytes } from "node:crypto"
import type { RowDataPacket } from "mysql2/promise"
import { drawn } from "../chance.ts"
import { demoFolderName } from "../folder.ts"
import { type ShopSize, shopSize } from "../shop-size.ts"
import type { Asked, CloudPlace, DemoSource, Hand, Shop } from "../source.ts"
import { type Address, connect } from "./client.ts"
import { findInstallation, startMariaDb } from "./server.ts"
import { makeShop } from "./shop.ts"
import { bigHappening, smallHappenings, transact } from "./traffic.ts"

export const mysqlDemo: DemoSource = {
  name: "MariaDB",
  usualRows: 320_000,
  mostRows: 100_000_000,
  missing: async () => (findInstallation() === undefined ? howToInstall : undefined),
  start,
}

const howToInstall =
  "the demo with MariaDB needs its server, mariadbd: apt-get install mariadb-server (or `brew install mariadb`)."

const user = "shop"
/** It becomes a schema; the warehouse's database is named like the integration. */
const database = "store"

/** Valid word for word on both sides. */
const question = `SELECT p.category, count(DISTINCT o.id) AS orders, sum(i.quantity) AS pieces,
       sum(i.quantity * i.unit_price) AS revenue, max(o.placed_at) AS latest
FROM store.order_items i JOIN store.orders o ON o.id = i.order_id JOIN store.products p ON p.id = i.product_id
WHERE o.status <> 'returned'
GROUP BY p.category ORDER BY revenue DESC`

async function start(folder: string, totalRows: number, { account, region }: CloudPlace): Promise<Shop> {
  const installation = findInstallation()
  if (installation === undefined) throw new Error(howToInstall)
  const password = randomBytes(16).toString("hex")
  const { port, stop } = await startMariaDb(installation, folder, { user, password })
  const address = { port, account: { user, password } }
  const within = { ...address, database }
  const size = shopSize(totalRows)
  const version = await versionOf(address).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    server: `MariaDB ${version}`,
    port,
    tables: "5 tables",
    entry: {
      arn: `arn:aws:rds:${region}:${account}:db:shop`,
      engine: "mysql",
      url: `mysql://${user}:${password}@127.0.0.1:${port}/`,
    },
    creation: { api: "rds", dataFilter: `include: ${database}.*` },
    seed: () => makeShop(address, database, size),
    traffic: { perSecond: 300, openHand: () => openHand(within, size) },
    question: { statement: question, openSource: () => openAsked(within) },
    hints: {
      change: `MYSQL_PWD=$(sed -n 's/^ *url: .*:\\(.*\\)@.*/\\1/p' ${demoFolderName}/millrace.yaml | head -1) mariadb -h 127.0.0.1 -P ${port} -u ${user} ${database}`,
      statement: `select status, count(*) from ${database}.orders group by 1`,
    },
    stop,
  }
}

async function versionOf(address: Address): Promise<string> {
  const client = await connect(address)
  try {
    const [rows] = await client.query<RowDataPacket[]>("SELECT VERSION()")
    return String(rows[0]?.[0]).replace(/-.*/, "")
  } finally {
    await client.end()
  }
}

async function openAsked(address: Address): Promise<Asked> {
  const client = await connect(address)
  return {
    async ask() {
      const [rows, fields] = await client.query<RowDataPacket[]>(question)
      return { header: fields.map(({ name }) => name), rows: rows as unknown as (string | null)[][] }
    },
    close: () => client.end(),
  }
}

/** What the writers do to each other when they meet, as in any busy shop: the transaction is given up. */
const lostRaces = new Set(["ER_LOCK_DEADLOCK", "ER_LOCK_WAIT_TIMEOUT", "ER_DUP_ENTRY"])

async function openHand(address: Address, shop: ShopSize): Promise<Hand> {
  const client = await connect(address)
  return {
    async write(size) {
      try {
        await transact(client, (size === "big" ? bigHappening : drawn(smallHappenings)).steps(shop))
        return true
      } catch (error) {
        if (!lostRaces.has((error as { code?: string }).code ?? "")) throw error
        await client.rollback()
        return false
      }
    },
    close: () => client.end(),
  }
}
