import { mariaDbProduct, mysqlProduct } from "../../support/mysql/products.ts"
import { testWarehouse } from "../../support/pipeline.ts"
import { mysqlCell } from "./mysql-cell.ts"
import { describeFaults } from "./suite.ts"

const home = testWarehouse()

for (const product of [mariaDbProduct, mysqlProduct])
  describeFaults(product.name, product.missing(), (context) => mysqlCell(product, context, home))
