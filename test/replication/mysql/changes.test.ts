import { mysqlProducts } from "../../support/mysql/fixtures.ts"
import { testChanges } from "./changes-suite.ts"

for (const product of mysqlProducts) testChanges(product)
