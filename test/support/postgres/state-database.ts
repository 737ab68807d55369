import { type TestDatabase, testDatabase } from "../postgres.ts"
import { STATE_TEMPLATE_VARIABLE } from "./postgres-variable.ts"

/** A database for Millrace's state on the shared server, with its tables where the run has a database to copy them from. */
export async function stateDatabase(): Promise<TestDatabase> {
  const template = process.env[STATE_TEMPLATE_VARIABLE]
  return testDatabase(template === undefined ? {} : { template })
}
