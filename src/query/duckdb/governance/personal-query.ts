import type { Person } from "../../../governance/model/person.ts"
import { planFor } from "../../../governance/plan/fold.ts"
import type { BuiltPlan } from "../../../governance/plan/plan.ts"
import { columnSql } from "../../../governance/render/cell-sql.ts"
import { predicateSql } from "../../../governance/render/predicate-sql.ts"
import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { type PutIn, personalDialect } from "./dialect.ts"

/**
 * What takes the place of the governed table in a statement of this person: a query whose facts are constants. Somebody
 * unknown or disabled gets no rows.
 *
 * The engine moves conditions of the statement into the query, also through a materialized WITH, and their errors would tell
 * of rows that are not shown: whoever puts the query into a statement ends it with `LIMIT 9223372036854775807`, which
 * nothing is moved through.
 *
 * @param secret the expression of a secret by its id. It must not be a constant where the person can see the text or the plan
 */
export function personalQuery(plan: BuiltPlan, person: Person | undefined, secret: PutIn["secret"]): string {
  const { source } = plan
  const personal = planFor(plan, person)
  const dialect = personalDialect({ person, secret })
  const shown = source.columns.flatMap((column, at) => {
    const planned = personal.columns[at]
    return planned === undefined
      ? []
      : [`${columnSql(dialect, column, planned)} AS ${quoteIdentifier(column.name)}`]
  })
  const table = [source.table.database, source.table.schema, source.table.name].map(quoteIdentifier).join(".")
  return `SELECT ${shown.join(", ")} FROM ${table} AS t WHERE ${predicateSql(dialect, personal.filter)}`
}
