import { type TestDatabase, testDatabase } from "../support/postgres.ts"
import { inSchemas } from "./postgres-under-contract.ts"
import { describeWarehouse } from "./warehouse.ts"

/** Goes with its server. */
let home: Promise<TestDatabase> | undefined

describeWarehouse("postgres", async () => {
  home ??= testDatabase()
  return await inSchemas((await home).url)
})
