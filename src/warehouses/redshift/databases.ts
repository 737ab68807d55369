import { configuredAddress } from "./connection/address.ts"
import { connect } from "./connection/client.ts"
import { orProblem } from "./errors.ts"
import type { RedshiftWarehouseConfiguration } from "./format.ts"
import { databaseIn } from "./naming.ts"

/**
 * The names that a new destination database cannot have, those of destination databases among them: every database of the
 * warehouse, or, where they are schemas, each that has our bookkeeping. @throws Problem
 */
export async function databasesOf(
  configuration: Pick<RedshiftWarehouseConfiguration, "url" | "layout" | "signIn">,
): Promise<string[]> {
  return await orProblem("listing databases", async () => {
    const session = await connect(configuredAddress(configuration))
    try {
      const { layout } = configuration
      if (layout === "databases") return await firstColumn(session.rows("SELECT datname FROM pg_database"))
      const schemas = await firstColumn(session.rows("SELECT nspname FROM pg_namespace"))
      return schemas.flatMap(databaseIn)
    } finally {
      await session.close()
    }
  })
}

async function firstColumn(found: Promise<(string | null)[][]>): Promise<string[]> {
  return (await found).map(([name]) => name ?? "")
}
