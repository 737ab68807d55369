import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { nodesOf, type SqlParser, type Tree, textAt } from "../dialect/syntax-tree.ts"
import type { GovernedReading } from "../governance/still-holds.ts"
import type { VirtualRead } from "../virtual/virtual-reads.ts"
import type { FunctionLists } from "./allowed-functions.ts"
import { isKnownFunction } from "./known-functions.ts"
import {
  isTableNode,
  type Need,
  type PinContext,
  type Pinned,
  pinRelations,
  relationKey,
  requirePrivilege,
} from "./pin-relations.ts"
import { type GuardRules, guardSelect } from "./select-guard.ts"

/** Expressions whose meaning is understood. Any other kind, also of a later engine, is refused. */
const knownClasses = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "DEFAULT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
  "PARAMETER",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "TYPE",
  "WINDOW",
])
const engineSchemas = new Set(["", "main", "pg_catalog"])
const ownSchemas = new Set(["pgcat", "redshift"])

function refused(what: string): PgError {
  return new PgError("42501", `permission denied for ${what}`, {
    hint: "Queries may use tables, views and computing functions; files, the network and settings are out of reach.",
  })
}

function checkFunction(node: Tree, functions: FunctionLists): void {
  const [catalog, schema, name] = ["catalog", "schema", "function_name"].map((key) =>
    textAt(node, key).toLowerCase(),
  )
  if (catalog === "memory" && ownSchemas.has(schema ?? "")) return
  const isEngines = engineSchemas.has(schema ?? "") && (catalog === "" || catalog === "system")
  if (isEngines && isKnownFunction(name ?? "")) return
  if (functions.all.has(name ?? "")) throw refused(`function ${name}`)
  const at = node.query_location
  throw new PgError(
    "42883",
    `function ${name} does not exist`,
    typeof at === "number" ? { position: at + 1 } : {},
  )
}

/** What only administrators may leave unexplained. Throws PgError. */
export function guardKnown(tree: Tree, functions: FunctionLists): void {
  for (const node of nodesOf(tree.statements ?? null)) {
    const type = textAt(node, "type")
    if (typeof node.class === "string") {
      if (!knownClasses.has(node.class)) throw refused(`an expression of kind ${node.class}`)
      if ("function_name" in node) checkFunction(node, functions)
    } else if (type === "CTE_NODE") {
      throw refused("a query of kind CTE_NODE")
    } else if (type === "TABLE_FUNCTION" && "function" in node) {
      const call = node.function as Tree
      if (textAt(call, "schema") !== "" || textAt(call, "catalog") !== "")
        throw refused("a qualified table function")
    }
  }
}

/** Our own text read back: what will run is what was allowed, whatever became of it on the way to text. */
function requirePinned(tree: Tree, { relations, cteNames }: Pinned): void {
  for (const node of nodesOf(tree.statements ?? null)) {
    if (!isTableNode(node)) continue
    const isCte = textAt(node, "schema_name") === "" && cteNames.has(textAt(node, "table_name"))
    const isCatalog = textAt(node, "catalog_name") === "memory"
    if (!isCte && !isCatalog && !relations.has(relationKey(node))) throw refused("this statement")
  }
}

/** A query of somebody who may read only some tables, pinned. */
export interface PinnedSelect {
  sql: string
  /** Of the text. */
  tree: Tree
  needs: Need[]
  /** Keys of the views that it reads: see `relationKey`. */
  views: ReadonlySet<string>
}

/** A checked query inside a statement. */
export interface RestrictedSelect {
  sql: string
  /** Of the text. */
  tree: Tree
  needs: Need[]
  /** It reads what hides rows or values: no error may show one. */
  isVeiled: boolean
  virtual: VirtualRead[]
  /** What policies made of the tables that it reads. */
  governed: GovernedReading
}

/** A guarded SELECT of somebody who may read only some tables, as text in which nothing is left to be looked up. */
export async function restrictSelect(
  tree: Tree,
  parser: SqlParser,
  rules: GuardRules & { functions: FunctionLists },
  context: PinContext,
): Promise<PinnedSelect> {
  const pinned = await pinRelations(tree, context)
  const sql = await parser.deparse(tree)
  const again = await parser.parse(sql)
  if (again.kind !== "select") throw new PgError("0A000", "this form of query is not supported for your user")
  // What was pinned was found: `public.json` is that table, whatever the engine might take the name for.
  guardSelect(again.tree, { ...rules, known: new Set([...(rules.known ?? []), ...pinned.relations]) })
  guardKnown(again.tree, rules.functions)
  requirePinned(again.tree, pinned)
  return { sql, tree: again.tree, needs: pinned.needs, views: pinned.views }
}

/** Throws 42501 when a right that the statement rests on is gone. */
export function requireStill(access: SqlAccess, needs: readonly Need[]): void {
  for (const need of needs) requirePrivilege(access, need)
}
