import { mariaDbProduct } from "../../support/mysql/products.ts"
import { postgresHome } from "../../support/postgres/home.ts"
import { testChanges } from "./changes-suite.ts"

testChanges(mariaDbProduct, postgresHome)
