import type { BuiltPlan } from "../../../governance/plan/plan.ts"
import { governedQuery, type ReaderRelations } from "../../sql/governed-query.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { viewDialect } from "./dialect.ts"

export const usualReaderRelations: ReaderRelations = { schema: "immuta_system", secrets: "secret" }

/** The table of secrets; nobody but its owner reads it. The view reads it by its owner's right. */
export function secretsTable({ schema, secrets }: ReaderRelations): string[] {
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(secrets)}`
  return [
    `CREATE TABLE IF NOT EXISTS ${table} (id text PRIMARY KEY, value text NOT NULL)`,
    `REVOKE ALL ON ${table} FROM PUBLIC`,
  ]
}

/** A view of this plan. It fails where a view of this name has other columns: then it is made beside and takes the name. */
export function createView(plan: BuiltPlan, relations = usualReaderRelations): string {
  const { schema, name } = plan.source.view
  const view = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  return `CREATE OR REPLACE VIEW ${view} WITH (security_barrier=true) AS ${viewQuery(plan, relations)}`
}

/** @see governedQuery */
export function viewQuery(plan: BuiltPlan, relations = usualReaderRelations): string {
  const { schema, name } = plan.source.table
  const table = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`
  return governedQuery(plan, relations, {
    dialect: viewDialect(plan, relations),
    table,
    quoteIdentifier,
    quoteLiteral,
  })
}
