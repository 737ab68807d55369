import { test } from "node:test"
import { hasJava } from "../support/dynamodb.ts"
import { mariaDbProduct } from "../support/mysql-products.ts"
import { chosenSeed, killAtRandom } from "./random-kills.ts"
import { dynamoDbScene } from "./scene-dynamodb.ts"
import { mariaDbScene } from "./scene-mariadb.ts"
import { postgresScene } from "./scene-postgres.ts"

test("PostgreSQL: nothing is lost or doubled by 30 kills at random moments", (context) =>
  killAtRandom(context, postgresScene, 30, chosenSeed()))

test(
  "MariaDB: nothing is lost or doubled by 10 kills at random moments",
  {
    skip: mariaDbProduct.missing() ?? false,
  },
  (context) => killAtRandom(context, mariaDbScene, 10, chosenSeed()),
)

test(
  "DynamoDB: nothing is lost or left by 6 kills at random moments",
  {
    skip: hasJava() ? false : "DynamoDB Local needs Java",
  },
  (context) => killAtRandom(context, dynamoDbScene, 6, chosenSeed()),
)
