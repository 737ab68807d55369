import { mysqlProduct } from "../../../support/mysql/products.ts"
import { postgresHome } from "../../../support/postgres/home.ts"
import { testTypes } from "./types-suite.ts"

testTypes(mysqlProduct, { warehouse: "PostgreSQL", home: postgresHome, hasNoZeroBytes: true })
