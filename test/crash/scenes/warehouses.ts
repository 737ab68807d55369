import { randomBytes } from "node:crypto"
import type { TestContext } from "node:test"
import { atEnd } from "../../e2e/clean-up.ts"
import type { PlaceOptions } from "../../e2e/place.ts"
import { onDatabase } from "../../e2e/workload.ts"
import { testDatabase } from "../../support/postgres.ts"

/** Where the rows of a scene go. */
export interface SceneWarehouse {
  /** What people call it. */
  name: string
  /** What the scene's place is given; the destination database `database` is gone at the test's end. */
  open(context: TestContext, database: string): Promise<Pick<PlaceOptions, "warehouseUrl" | "state">>
}

/** Its place keeps its state in an embedded PostgreSQL, which is found running after each kill. */
export const duckDbWarehouse: SceneWarehouse = {
  name: "DuckDB",
  open: async () => ({ state: "embedded" }),
}

export const postgresWarehouse: SceneWarehouse = {
  name: "PostgreSQL",
  async open(context, database) {
    const server = await testDatabase()
    atEnd(context, async () => {
      await onDatabase(server.url, (client) =>
        client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`),
      )
      await server.drop()
    })
    return { warehouseUrl: server.url }
  },
}

/** A destination database that no other test has: tests share a server. `integration`: the name that gives it. */
export function ownDatabase(name: string): { database: string; integration: string } {
  const own = randomBytes(5).toString("hex")
  return { database: `${name}_${own}`, integration: `${name}-${own}` }
}
