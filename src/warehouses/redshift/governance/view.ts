import type { BuiltPlan, Fact } from "../../../governance/plan/plan.ts"
import { columnSql } from "../../../governance/render/cell-sql.ts"
import { predicateSql } from "../../../governance/render/predicate-sql.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { lateBindingDialect } from "./dialect.ts"

/** Where the view finds what it asks about the reader. All are read by the right of the view's owner. */
export interface ReaderRelations {
  /** Schema of `my_entitlements(kind, key, value)` and `user_profile(iam)`, which show the session's user only. */
  schema: string
  /** Table of that schema with columns `id` and `value`, which no reader may select. */
  secrets: string
}

const managed: ReaderRelations = { schema: "immuta_system", secrets: "secret" }

/** A late-binding view of this plan in the managed database: the table is named with its database, which may be another. */
export function lateBindingView(plan: BuiltPlan, relations = managed): string {
  const { schema, name } = plan.source.view
  return `CREATE VIEW ${quoteIdentifier(schema)}.${quoteIdentifier(name)} AS ${lateBindingQuery(plan, relations)} WITH NO SCHEMA BINDING`
}

/** As the query of a view on PostgreSQL: the reader's flags and the secrets are one row, `p`. */
export function lateBindingQuery(plan: BuiltPlan, relations = managed): string {
  const { source, columns } = plan
  const dialect = lateBindingDialect(plan, relations)
  const shown = source.columns.flatMap((column, at) => {
    const planned = columns[at]
    return planned === undefined
      ? []
      : [`${columnSql(dialect, column, planned)} AS ${quoteIdentifier(column.name)}`]
  })
  const schema = quoteIdentifier(relations.schema)
  const table = [source.table.database, source.table.schema, source.table.name].map(quoteIdentifier).join(".")
  return (
    `WITH p AS (SELECT ${readerRow(plan, relations)} FROM ${schema}.my_entitlements) ` +
    `SELECT ${shown.join(", ")} FROM ${table} AS t CROSS JOIN p WHERE EXISTS (SELECT 1 FROM ${schema}.user_profile) AND ${predicateSql(dialect, plan.filter)}`
  )
}

function readerRow({ source, facts, secretIds }: BuiltPlan, relations: ReaderRelations): string {
  const schema = quoteIdentifier(relations.schema)
  const flags = facts.map((fact, at) => `${flagSql(fact, schema, source.id)} AS f${at}`)
  const secrets = secretIds.map(
    (id, at) =>
      `(SELECT value FROM ${schema}.${quoteIdentifier(relations.secrets)} WHERE id = ${quoteLiteral(id)}) AS s${at}`,
  )
  return [...flags, ...secrets, "COUNT(*) AS n"].join(", ")
}

function flagSql(fact: Fact, schema: string, sourceId: number): string {
  if (fact.kind === "directory")
    return `COALESCE((SELECT BOOL_OR(iam = ${quoteLiteral(fact.iamId)}) FROM ${schema}.user_profile), FALSE)`
  return `COALESCE(BOOL_OR(${entitlementSql(fact, sourceId)}), FALSE)`
}

function entitlementSql(fact: Exclude<Fact, { kind: "directory" }>, sourceId: number): string {
  switch (fact.kind) {
    case "subscribed":
      return `kind = 'subscription' AND key = '${fact.sourceId}'`
    case "group":
      return `kind = 'group' AND key = ${quoteLiteral(fact.name)}`
    case "attribute":
      return `kind = 'attribute' AND key = ${quoteLiteral(fact.name)} AND value = ${quoteLiteral(fact.value)}`
    case "purpose": {
      const below = `${fact.name}.`
      // A project's purposes hold on its own sources only.
      return `kind = 'purpose' AND (value IS NULL OR value = '${sourceId}') AND (key = ${quoteLiteral(fact.name)} OR LEFT(key, ${[...below].length}) = ${quoteLiteral(below)})`
    }
  }
}
