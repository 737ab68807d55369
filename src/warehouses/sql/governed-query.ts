import type { BuiltPlan, Fact } from "../../governance/plan/plan.ts"
import { columnSql } from "../../governance/render/cell-sql.ts"
import type { GovernanceDialect } from "../../governance/render/dialect.ts"
import { predicateSql } from "../../governance/render/predicate-sql.ts"

/** Where the view finds what it asks about the reader. All are read by the right of the view's owner. */
export interface ReaderRelations {
  /** Schema of `my_entitlements(kind, key, value)` and `user_profile(iam)`, which show the session's user only. */
  schema: string
  /** Table of that schema with columns `id` and `value`, which no reader may select. */
  secrets: string
}

/** How a server writes it. */
export interface GovernedQueryForm {
  dialect: GovernanceDialect
  /** The source's table, quoted. */
  table: string
  quoteIdentifier(name: string): string
  quoteLiteral(text: string): string
}

/**
 * The query of a governed view: the table's rows and columns as the session's user may see them. The user's flags and the secrets are
 * one row, `p`, worked out once for a statement. No secret stands in the text, and none of the columns shows one.
 */
export function governedQuery(plan: BuiltPlan, relations: ReaderRelations, form: GovernedQueryForm): string {
  const { dialect, table, quoteIdentifier } = form
  const shown = plan.source.columns.flatMap((column, at) => {
    const planned = plan.columns[at]
    return planned === undefined
      ? []
      : [`${columnSql(dialect, column, planned)} AS ${quoteIdentifier(column.name)}`]
  })
  const schema = quoteIdentifier(relations.schema)
  const profile = `EXISTS (SELECT 1 FROM ${schema}.user_profile)`
  return (
    `WITH p AS (SELECT ${readerRow(plan, relations, form)} FROM ${schema}.my_entitlements) ` +
    `SELECT ${shown.join(", ")} FROM ${table} AS t CROSS JOIN p WHERE ${profile} AND ${predicateSql(dialect, plan.filter)}`
  )
}

function readerRow(
  { source, facts, secretIds }: BuiltPlan,
  relations: ReaderRelations,
  form: GovernedQueryForm,
): string {
  const { quoteIdentifier, quoteLiteral } = form
  const schema = quoteIdentifier(relations.schema)
  const flags = facts.map((fact, at) => `${flagSql(fact, schema, source.id, form)} AS f${at}`)
  const secrets = secretIds.map(
    (id, at) =>
      `(SELECT value FROM ${schema}.${quoteIdentifier(relations.secrets)} WHERE id = ${quoteLiteral(id)}) AS s${at}`,
  )
  return [...flags, ...secrets, "count(*) AS n"].join(", ")
}

function flagSql(fact: Fact, schema: string, sourceId: number, form: GovernedQueryForm): string {
  if (fact.kind === "directory")
    return `COALESCE((SELECT bool_or(iam = ${form.quoteLiteral(fact.iamId)}) FROM ${schema}.user_profile), FALSE)`
  return `COALESCE(bool_or(${entitlementSql(fact, sourceId, form)}), FALSE)`
}

function entitlementSql(
  fact: Exclude<Fact, { kind: "directory" }>,
  sourceId: number,
  { quoteLiteral }: GovernedQueryForm,
): string {
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
