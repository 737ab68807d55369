import type { BuiltPlan } from "../../../governance/plan/plan.ts"
import { governedQuery, type ReaderRelations } from "../../sql/governed-query.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { lateBindingDialect } from "./dialect.ts"

const managed: ReaderRelations = { schema: "immuta_system", secrets: "secret" }

/** A late-binding view of this plan in the managed database: the table is named with its database, which may be another. */
export function lateBindingView(plan: BuiltPlan, relations = managed): string {
  const { schema, name } = plan.source.view
  return `CREATE VIEW ${quoteIdentifier(schema)}.${quoteIdentifier(name)} AS ${lateBindingQuery(plan, relations)} WITH NO SCHEMA BINDING`
}

/** As the query of a view on PostgreSQL, the table named with its database. */
export function lateBindingQuery(plan: BuiltPlan, relations = managed): string {
  const { database, schema, name } = plan.source.table
  const table = [database, schema, name].map(quoteIdentifier).join(".")
  const dialect = lateBindingDialect(plan, relations)
  return governedQuery(plan, relations, { dialect, table, quoteIdentifier, quoteLiteral })
}
