import type { BuiltPlan, Fact } from "../../../governance/plan/plan.ts"
import { columnSql } from "../../../governance/render/cell-sql.ts"
import { predicateSql } from "../../../governance/render/predicate-sql.ts"
import { quoteIdentifier, quoteLiteral } from "../quoting.ts"
import { viewDialect } from "./dialect.ts"

/** Where the view finds what it asks about the reader. All are read by the right of the view's owner. */
export interface ReaderRelations {
  /** Schema of `my_entitlements(kind, key, value)` and `user_profile(iam)`, which show the session's user only. */
  schema: string
  /** Table of that schema with columns `id` and `value`, which no reader may select. */
  secrets: string
}

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

/**
 * The query of the view: the table's rows and columns as the session's user may see them. The user's flags and the secrets are
 * one row, `p`, worked out once for a statement. No secret stands in the text, and none of the columns shows one.
 */
export function viewQuery(plan: BuiltPlan, relations = usualReaderRelations): string {
  const { source, columns } = plan
  const dialect = viewDialect(plan, relations)
  const shown = source.columns.flatMap((column, at) => {
    const planned = columns[at]
    return planned === undefined
      ? []
      : [`${columnSql(dialect, column, planned)} AS ${quoteIdentifier(column.name)}`]
  })
  const table = `${quoteIdentifier(source.table.schema)}.${quoteIdentifier(source.table.name)}`
  const profile = `EXISTS (SELECT 1 FROM ${quoteIdentifier(relations.schema)}.user_profile)`
  return (
    `WITH p AS (SELECT ${readerRow(plan, relations)} FROM ${quoteIdentifier(relations.schema)}.my_entitlements) ` +
    `SELECT ${shown.join(", ")} FROM ${table} AS t CROSS JOIN p WHERE ${profile} AND ${predicateSql(dialect, plan.filter)}`
  )
}

function readerRow({ source, facts, secretIds }: BuiltPlan, relations: ReaderRelations): string {
  const schema = quoteIdentifier(relations.schema)
  const flags = facts.map((fact, at) => `${flagSql(fact, schema, source.id)} AS f${at}`)
  const secrets = secretIds.map(
    (id, at) =>
      `(SELECT value FROM ${schema}.${quoteIdentifier(relations.secrets)} WHERE id = ${quoteLiteral(id)}) AS s${at}`,
  )
  return [...flags, ...secrets, "count(*) AS n"].join(", ")
}

function flagSql(fact: Fact, schema: string, sourceId: number): string {
  if (fact.kind === "directory")
    return `COALESCE((SELECT bool_or(iam = ${quoteLiteral(fact.iamId)}) FROM ${schema}.user_profile), FALSE)`
  return `COALESCE(bool_or(${entitlementSql(fact, sourceId)}), FALSE)`
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
