import { skip } from "../../replication/dynamodb/fixture.ts"
import { mariaDbProduct } from "../../support/mysql/products.ts"
import { postgresHome } from "../../support/postgres/home.ts"
import { dynamoDbCell } from "./dynamodb-cell.ts"
import { mysqlCell } from "./mysql-cell.ts"
import { postgresCell } from "./postgres-cell.ts"
import { describeFaults, type FaultTraits } from "./suite.ts"

/** Each source into a PostgreSQL warehouse; each cell has a destination database of its own there. */
export function describeFaultsIntoPostgres(traits: FaultTraits): void {
  describeFaults(
    "PostgreSQL into PostgreSQL",
    undefined,
    (context) => postgresCell(context, postgresHome()),
    traits,
  )
  describeFaults(
    "MariaDB into PostgreSQL",
    mariaDbProduct.missing(),
    (context) => mysqlCell(mariaDbProduct, context, postgresHome()),
    traits,
  )
  describeFaults(
    "DynamoDB into PostgreSQL",
    skip || undefined,
    (context) => dynamoDbCell(context, postgresHome()),
    { ...traits, copiesBeside: true },
  )
}
