import { configuredAddress } from "./connection/address.ts"
import { connect, type Session } from "./connection/client.ts"
import { isAlreadyThere, orProblem } from "./errors.ts"
import type { RedshiftWarehouseConfiguration } from "./format.ts"
import { databaseIn } from "./naming.ts"
import { quoteIdentifier, quoteLiteral } from "./quoting.ts"

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

/** For statements on databases, none of which may be part of a transaction. */
type Asked = Pick<Session, "rows" | "run">

export async function hasDatabase(session: Asked, database: string): Promise<boolean> {
  const found = await session.rows(`SELECT 1 FROM pg_database WHERE datname = ${quoteLiteral(database)}`)
  return found.length > 0
}

/** Two that make it at once: the one that comes second finds it there. */
export async function makeDatabase(session: Asked, database: string): Promise<void> {
  if (await hasDatabase(session, database)) return
  try {
    await session.run(`CREATE DATABASE ${quoteIdentifier(database)}`)
  } catch (error) {
    if (!isAlreadyThere(error)) throw error
  }
}

export async function dropDatabase(session: Asked, database: string): Promise<void> {
  if (await hasDatabase(session, database)) await session.run(`DROP DATABASE ${quoteIdentifier(database)}`)
}
