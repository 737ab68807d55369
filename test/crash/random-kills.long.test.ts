import { test } from "node:test"
import { hasJava } from "../support/dynamodb/tables.ts"
import { mariaDbProduct, mysqlProduct } from "../support/mysql/products.ts"
import { testSeed } from "../support/seed.ts"
import { killAtRandom } from "./random-kills.ts"
import { dynamoDbScene } from "./scenes/dynamodb.ts"
import { mysqlScene } from "./scenes/mysql.ts"
import { postgresScene } from "./scenes/postgres.ts"

test("PostgreSQL: nothing is lost or doubled by 500 kills at random moments", (context) =>
  killAtRandom(context, postgresScene, 500, testSeed))

for (const [product, kills] of [
  [mariaDbProduct, 200],
  [mysqlProduct, 200],
] as const)
  test(
    `${product.name}: nothing is lost or doubled by ${kills} kills at random moments`,
    {
      skip: product.missing() ?? false,
    },
    (context) => killAtRandom(context, (own) => mysqlScene(product, own), kills, testSeed),
  )

test(
  "DynamoDB: nothing is lost or left by 200 kills at random moments",
  {
    skip: hasJava() ? false : "DynamoDB Local needs Java",
  },
  (context) => killAtRandom(context, dynamoDbScene, 200, testSeed),
)
