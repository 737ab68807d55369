import type { Governance, GovernedTables, TableView } from "../../../src/query/governed-tables.ts"

/** Policies by hand: what each user sees of each table, by `database.schema.name`. */
export interface FixedPolicies extends GovernedTables {
  /** From now on. @param view of a user; undefined: the table is open again */
  set(table: string, view: ((user: string) => TableView) | undefined): void
  /** From now on nothing is known. */
  forget(problem: string): void
}

export function fixedPolicies(): FixedPolicies {
  const views = new Map<string, (user: string) => TableView>()
  let version = 0
  let problem: string | undefined
  function now(): Governance {
    if (problem !== undefined) return { kind: "unknown", problem }
    if (views.size === 0) return { kind: "off" }
    return {
      kind: "on",
      version: String(version),
      view: ({ database, schema, name }, user) =>
        views.get([database, schema, name].join("."))?.(user) ?? { kind: "open" },
    }
  }
  return {
    now,
    set: (table, view) => {
      version++
      problem = undefined
      if (view === undefined) views.delete(table)
      else views.set(table, view)
    },
    forget: (why) => {
      problem = why
    },
  }
}
