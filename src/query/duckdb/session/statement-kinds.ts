import { type DuckDBPreparedStatement, StatementType } from "@duckdb/node-api"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Field } from "../../../wire/pgwire/session.ts"
import { fieldsOf } from "../portals/engine-portal.ts"
import { columnType, type WireType } from "../values/value-types.ts"
import { characterLength } from "../virtual/virtual-reads.ts"
import type { Plan } from "./plan.ts"

export type EnginePlan = Extract<Plan, { kind: "engine" }>

const writingTags = new Set(["UPDATE", "DELETE", "MERGE"])

export function commandTag(verb: string, rowsSent: number, changed: number, returning: boolean): string {
  const count = returning ? rowsSent : changed
  if (verb === "SELECT") return `SELECT ${rowsSent}`
  if (verb === "INSERT") return `INSERT 0 ${count}`
  return writingTags.has(verb) ? `${verb} ${count}` : verb
}

/** As many as a table of any source has, and some. The engine takes the square of their number to tell their types. */
const columnsAtMost = 5_000

/** Why a statement is not to run, now that the engine has read it. */
export function refusalOf(prepared: DuckDBPreparedStatement, plan: EnginePlan): PgError | undefined {
  if (!isExpected(prepared.statementType, plan))
    return new PgError("0A000", "this kind of statement is not supported")
  if (prepared.columnCount <= columnsAtMost) return undefined
  return new PgError("54011", `a result can have at most ${columnsAtMost} columns`)
}

/** The statement kinds that the plan's verb may turn out to be; anything else means that we misread it. */
function isExpected(type: StatementType, plan: EnginePlan): boolean {
  if (plan.verb === "SELECT") return type === StatementType.SELECT
  if (plan.verb === "EXPLAIN") return type === StatementType.EXPLAIN
  const [first] = plan.verb.split(" ")
  const expected: Record<string, StatementType[]> = {
    INSERT: [StatementType.INSERT],
    UPDATE: [StatementType.UPDATE],
    DELETE: [StatementType.DELETE],
    // Where versions are kept it closes them.
    TRUNCATE: [plan.isOnVersions ? StatementType.UPDATE : StatementType.DELETE],
    MERGE: [StatementType.MERGE_INTO],
    CREATE: [StatementType.CREATE],
    DROP: [StatementType.DROP],
    ALTER: [StatementType.ALTER],
  }
  return expected[first ?? ""]?.includes(type) ?? false
}

/** Only a query, or a write with RETURNING, has rows; a plain write reports DuckDB's single column `Count`. */
export function returnsRows(prepared: DuckDBPreparedStatement, plan: EnginePlan): boolean {
  if (plan.writesIn === undefined) return true
  if (!/^(INSERT|UPDATE|DELETE|MERGE)/.test(plan.verb)) return false
  return !(prepared.columnCount === 1 && prepared.columnName(0) === "Count")
}

/** What a client is told of a result. */
export interface Described {
  fields: Field[]
  types: WireType[]
  /** Of values like those to come: with these it may turn out to be another type, which the client must not misread. */
  isGuess: boolean
}

/** The columns of a query like it, without what may be another with each value: the digits of a number. */
export function guessedColumns(like: DuckDBPreparedStatement, plan: EnginePlan): Described {
  const { fields, types } = describeColumns(like, plan)
  const names = fields.map(({ name }) => name)
  const loose = types.map((type) => ({ ...type, modifier: -1 }))
  return { types: loose, fields: fieldsOf(names, loose), isGuess: true }
}

/** The columns as the client is told them. */
export function describeColumns(prepared: DuckDBPreparedStatement, plan: EnginePlan): Described {
  const types: WireType[] = []
  const names: string[] = []
  for (let i = 0; i < prepared.columnCount; i++) {
    const name =
      plan.columnNames?.length === prepared.columnCount ? (plan.columnNames[i] ?? "") : prepared.columnName(i)
    names.push(name)
    types.push(columnType(prepared.columnType(i), characterLength(plan.virtual, name)))
  }
  return { types, fields: fieldsOf(names, types), isGuess: false }
}
