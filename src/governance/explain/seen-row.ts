import type { Person } from "../model/person.ts"
import { planFor } from "../plan/fold.ts"
import type { BuiltPlan } from "../plan/plan.ts"
import { type RowValue, RowValueError, type RowValues, rowValue } from "./column-values.ts"
import { cellValue } from "./row-cells.ts"
import { isTrue } from "./row-predicates.ts"

/** What becomes of one row for one person. */
export type SeenRow =
  | { kind: "hidden" }
  /** By name of column, in the source's order. */
  | { kind: "shown"; values: ReadonlyMap<string, RowValue> }

export interface SeenRowOptions {
  now: Date
  /** With which samples are drawn. */
  secret(id: string): string
  /** With which hashes are made. They are shown: with the secret of `secret` anybody could ask for the hash of a guess. */
  hashSecret(id: string): string
}

/** The row as the person would see it, worked out here: no database is asked. @throws RowValueError */
export function seenRow(
  plan: BuiltPlan,
  person: Person | undefined,
  { row, ...options }: SeenRowOptions & { row: RowValues },
): SeenRow {
  const personal = planFor(plan, person)
  if (person === undefined) return { kind: "hidden" }
  const asked = { ...options, row, person }
  if (isTrue(personal.filter, asked) !== true) return { kind: "hidden" }
  const values = personal.columns.map(({ name, cell }) => [name, cellValue(cell, asked)] as const)
  return { kind: "shown", values: new Map(values) }
}

/** A row as JSON has it; columns that are not given are null. @throws RowValueError also for a column that is not there */
export function rowOf({ source }: BuiltPlan, given: Readonly<Record<string, unknown>>): RowValues {
  const stranger = Object.keys(given).find((name) => !source.columns.some((column) => column.name === name))
  if (stranger !== undefined) throw new RowValueError(`${source.name} has no column ${stranger}`)
  return new Map(
    source.columns.map((column) => [
      column.name,
      rowValue(column, Object.hasOwn(given, column.name) ? given[column.name] : null),
    ]),
  )
}
