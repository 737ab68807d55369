import type { TestContext } from "node:test"
import type { WritePoint } from "../../../src/replication/write-order.ts"
import { hasJava } from "../../support/dynamodb/tables.ts"
import { mariaDbProduct, mysqlProduct } from "../../support/mysql/products.ts"
import type { Scene } from "../random-kills.ts"
import { dynamoDbScene } from "./dynamodb.ts"
import { mysqlScene } from "./mysql.ts"
import { postgresScene } from "./postgres.ts"
import type { SceneWarehouse } from "./warehouses.ts"

/** A source whose scene runs into any warehouse. */
export interface SceneSource {
  name: string
  /** Why it cannot run here. */
  skip: string | false
  /** Points of the write order, in an order in which the process can end at each of them, once, on one integration's way. */
  points: readonly WritePoint[]
  open(context: TestContext, into: SceneWarehouse): Promise<Scene>
}

const stream = ["staged", "applied", "acknowledged"] as const
const firstCopy = ["sourcePrepared", "copyBegun", "chunkLoaded", "tableSwapped", "positionRecorded"] as const

const ofMysql = (product: typeof mariaDbProduct): SceneSource => ({
  name: product.name,
  skip: product.missing() ?? false,
  points: [...firstCopy, ...stream],
  open: (context, into) => mysqlScene(product, context, into),
})

export const postgresSource: SceneSource = {
  name: "PostgreSQL",
  skip: false,
  points: [...firstCopy, ...stream],
  open: postgresScene,
}
export const mariaDbSource = ofMysql(mariaDbProduct)
export const mysqlSource = ofMysql(mysqlProduct)
/** Its tables are copied beside the stream, which has its position first. */
export const dynamoDbSource: SceneSource = {
  name: "DynamoDB",
  skip: hasJava() ? false : "DynamoDB Local needs Java",
  points: ["sourcePrepared", "positionRecorded", "copyBegun", "chunkLoaded", ...stream],
  open: dynamoDbScene,
}
