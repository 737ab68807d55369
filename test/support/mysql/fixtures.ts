import { after } from "node:test"
import {
  type MysqlProduct,
  mariaDbProduct,
  mysqlProduct,
  newerMariaDbProduct,
  PRODUCT_VARIABLE,
} from "./products.ts"
import { type MysqlServer, startMysqlServer } from "./server.ts"

const cleanUps: (() => Promise<void>)[] = []

after(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

/** The products that every suite of this source runs on. */
export const mysqlProducts: readonly MysqlProduct[] = chosenProducts(process.env[PRODUCT_VARIABLE])

function chosenProducts(label: string | undefined): MysqlProduct[] {
  if (label === undefined) return [mariaDbProduct, mysqlProduct]
  return [mariaDbProduct, mysqlProduct, newerMariaDbProduct].filter((one) => one.label === label)
}

/** A server of the test's own; gone when the test file ends. */
export async function mysqlServer(
  product: MysqlProduct,
  settings: Record<string, string> = {},
): Promise<MysqlServer> {
  const server = await startMysqlServer(product, settings)
  cleanUps.push(server.remove)
  return server
}
