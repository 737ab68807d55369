import type { DuckDBConnection } from "@duckdb/node-api"
import type { DuckDbInstance } from "../../../warehouses/duckdb/files/instance.ts"
import { emptyInformationViews, emptyRelations } from "./empty-relations.ts"
import { rowFunctions } from "./from-functions.ts"
import { earlyFunctionStatements, lateFunctionStatements } from "./functions.ts"
import { informationViews } from "./information-schema.ts"
import { redshiftRelationStatements } from "./redshift-relations.ts"
import {
  type CatalogFacts,
  type CatalogRole,
  derivedRelationStatements,
  relationStatements,
  roleStatement,
} from "./relations.ts"

function emptyView(qualifiedName: string, columns: string, defaultType: string): string {
  const list = columns.split(/\s+/).map((column) => {
    const [name, type = defaultType] = column.split(":")
    return `NULL::${type} AS ${name}`
  })
  return `CREATE OR REPLACE VIEW ${qualifiedName} AS SELECT ${list.join(", ")} WHERE false;`
}

/** Makes the catalogs that PostgreSQL's clients expect, in the instance's in-memory database. Repeatable. */
export async function installCatalog(
  instance: DuckDbInstance,
  facts: CatalogFacts,
  roles: readonly CatalogRole[],
): Promise<void> {
  const connection = await instance.connect()
  try {
    await connection.run(
      "CREATE SCHEMA IF NOT EXISTS memory.pgcat; CREATE SCHEMA IF NOT EXISTS memory.pginfo;",
    )
    await connection.run(earlyFunctionStatements())
    await connection.run(roleStatement(roles))
    await connection.run(relationStatements(facts))
    await connection.run(lateFunctionStatements())
    await connection.run(derivedRelationStatements)
    await connection.run(redshiftRelationStatements(facts.hiddenSchemas))
    await connection.run(
      Object.entries(emptyRelations)
        .map(([name, columns]) => emptyView(`memory.pgcat.${name}`, `tableoid ${columns}`, "BIGINT"))
        .join("\n"),
    )
    await connection.run(
      Object.entries(emptyInformationViews)
        .map(([name, columns]) => emptyView(`memory.pginfo.${name}`, columns, "VARCHAR"))
        .join("\n"),
    )
    for (const [name, query] of Object.entries(rowFunctions))
      await connection.run(`CREATE OR REPLACE VIEW memory.pgcat.${name} AS ${query}`)
    for (const [name, query] of Object.entries(informationViews)) {
      await connection.run(`CREATE OR REPLACE VIEW memory.pginfo.${name} AS ${query}`)
    }
  } finally {
    connection.closeSync()
  }
}

/** The users as the catalogs show them from now on. */
export async function showRoles(instance: DuckDbInstance, roles: readonly CatalogRole[]): Promise<void> {
  const connection = await instance.connect()
  try {
    await connection.run(roleStatement(roles))
  } finally {
    connection.closeSync()
  }
}

/** The names of the engine's own views in `pg_catalog`. */
export async function enginePgViews(connection: DuckDBConnection): Promise<Set<string>> {
  const result = await connection.runAndReadAll(
    "SELECT view_name FROM duckdb_views() WHERE internal AND schema_name = 'pg_catalog'",
  )
  return new Set(result.getRows().map((row) => String(row[0])))
}
