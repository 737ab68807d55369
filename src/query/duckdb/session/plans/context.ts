import type { SqlAccess } from "../../../../control-plane/sql-users/sql-access.ts"
import type { ReadDoorStatement, SessionRequest } from "../../../contract.ts"
import type { GovernedTables } from "../../../governed-tables.ts"
import type { SessionFacts } from "../../catalog/rewrite.ts"
import type { SqlParser } from "../../dialect/syntax-tree.ts"
import type { AskEngine, NamePlace } from "../../rights/relation-names.ts"
import type { WriteRules } from "../../rights/write-guard.ts"
import type { VirtualTables } from "../../virtual/virtual-tables.ts"

/** What planning a statement needs of its session. */
export interface PlanContext {
  parser: SqlParser
  readDoorStatement: ReadDoorStatement
  virtualTables: VirtualTables
  facts: SessionFacts
  rules: WriteRules
  governed: GovernedTables
  /** See `SessionRequest`. */
  onGovernedRead?: SessionRequest["onGovernedRead"]
  /** How many definitions have changed so far, in all databases. */
  definitions(): number
  /** What the user may do now. Throws 57P01 when there is no such user any more. */
  access(): Promise<SqlAccess>
  /** The query's columns become those of a table or a view; absent: they do not. */
  isStored?: true
  /** Lets the catalogs show the keys of replicated tables. */
  keys: { show(): Promise<void> }
  place(): NamePlace
  ask: AskEngine
}
