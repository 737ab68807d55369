import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { RelationName } from "../../contract.ts"
import type { GovernedTables } from "../../governed-tables.ts"
import { type AskEngine, relationsNamed } from "../rights/relation-names.ts"
import { type GovernedReading, stillHolds } from "./still-holds.ts"

/** Holds a planned statement against the policies of the moment: before it runs, and before its rows are shown. */
export interface PolicyCheck {
  isSame(reading: GovernedReading): boolean
  /** Throws 40001 where policies show its user something else by now: neither the old rows nor both may be shown. */
  requireSame(reading: GovernedReading): void
  /**
   * In the statement's transaction. The engine takes a view of that name for the table, and would read what the view reads.
   * Throws 40001.
   */
  requireTables(reading: GovernedReading): Promise<void>
}

export interface PolicyCheckContext {
  governed: GovernedTables
  ask: AskEngine
  /** How many definitions have changed so far, in all databases. */
  definitions(): number
}

export function policyCheck({ governed, ask, definitions }: PolicyCheckContext): PolicyCheck {
  const isSame = (reading: GovernedReading) => stillHolds(reading, governed)
  return {
    isSame,
    requireSame: (reading) => {
      if (!isSame(reading)) throw policiesChanged()
    },
    requireTables: async (reading) => {
      if (reading.kind === "free" || reading.reads === undefined) return
      if (reading.definitions === definitions()) return
      const { reads } = reading
      const found = await relationsNamed(
        reads.map(({ relation }) => relation.name),
        ask,
      )
      const isTable = (relation: RelationName) => found.some((one) => !one.isView && isOne(one, relation))
      if (!reads.every(({ relation }) => isTable(relation))) throw policiesChanged()
    },
  }
}

function isOne(a: RelationName, b: RelationName): boolean {
  return a.database === b.database && a.schema === b.schema && a.name === b.name
}

export function policiesChanged(): PgError {
  return new PgError("40001", "the policies on a table of this statement have changed", {
    hint: "Run it again, or prepare it again.",
  })
}
