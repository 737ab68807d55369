import { mysqlProducts } from "../../../support/mysql/fixtures.ts"
import { mariaDbProduct } from "../../../support/mysql/products.ts"
import { postgresHome } from "../../../support/postgres/home.ts"
import { testTypes } from "./types-suite.ts"

for (const product of mysqlProducts) testTypes(product, { warehouse: "DuckDB" })

testTypes(mariaDbProduct, { warehouse: "PostgreSQL", home: postgresHome, hasNoZeroBytes: true })
