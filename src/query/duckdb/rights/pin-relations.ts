import { randomBytes } from "node:crypto"
import { allows, type SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName, type GrantScope, type Privilege } from "../../../domain/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import {
  type AskEngine,
  meantRelation,
  type NamePlace,
  type RelationName,
  relationsNamed,
} from "./relation-names.ts"
import { reservedQualifiers } from "./select-guard.ts"

export interface PinContext {
  access: SqlAccess
  place: NamePlace
  ask: AskEngine
}

/** A right that a statement rests on: held against the user's rights again whenever it runs. */
export interface Need {
  privilege: Privilege
  scope: GrantScope
}

export interface Pinned {
  needs: Need[]
  /** `database\0schema\0name` of every table that may stand in the text. */
  relations: ReadonlySet<string>
  /** What the statement's WITH queries are called now. */
  cteNames: ReadonlySet<string>
  /** Which of `relations` are views: they may hide rows of what they read. */
  views: ReadonlySet<string>
}

export function isTableNode(node: Tree): boolean {
  return node.type === "BASE_TABLE" && typeof node.class !== "string"
}

function denied(what: string): PgError {
  return new PgError("42501", `permission denied for ${what}`)
}

/**
 * Before anything is rewritten: names that only our own rewriting may use. A client that names them gets past the rules
 * of what it may see. `known`: tables of users, whose schema may be called so. Throws PgError.
 */
export function refuseReservedNames(tree: Tree, known: ReadonlySet<string>): void {
  for (const node of nodesOf(tree.statements ?? null)) {
    if (isTableNode(node) && known.has(relationKey(node))) continue
    const names = [
      textAt(node, "catalog_name"),
      textAt(node, "schema_name"),
      textAt(node, "catalog"),
      textAt(node, "schema"),
    ]
    const found = names.find((name) => reservedQualifiers.has(name.toLowerCase()))
    const isDialect = textAt(node, "catalog") === "memory" && textAt(node, "schema") === "redshift"
    if (found !== undefined && !isDialect && (isTableNode(node) || "function_name" in node)) {
      throw denied(`schema ${found}`)
    }
  }
}

export function relationKey(node: Tree): string {
  return [textAt(node, "catalog_name"), textAt(node, "schema_name"), textAt(node, "table_name")].join("\0")
}

function scopeOf({ database, schema, name }: RelationName): GrantScope {
  return { database: foldName(database), schema: foldName(schema), table: foldName(name) }
}

/** Throws 42501. Says no more of a table than that it may not be read; nothing of one in a closed schema. */
export function requirePrivilege(access: SqlAccess, { privilege, scope }: Need): void {
  if (allows(access, privilege, scope)) return
  if (scope.table !== "" && !allows(access, "usage", { ...scope, table: "" }))
    throw denied(`schema ${scope.schema}`)
  throw denied(scope.table === "" ? `schema ${scope.schema}` : `relation ${scope.table}`)
}

/** The WITH queries of one place, seen from one of them: those before `upTo`, and what is around. */
interface CteScope {
  /** By folded name: what it is called now, and its place in the list. */
  names: ReadonlyMap<string, { renamed: string; place: number }>
  upTo: number
  outer: CteScope | undefined
}

function renamedIn(scope: CteScope | undefined, name: string): string | undefined {
  for (let at = scope; at !== undefined; at = at.outer) {
    const found = at.names.get(name)
    if (found !== undefined && found.place < at.upTo) return found.renamed
  }
  return undefined
}

/**
 * Makes each name in a SELECT mean just one thing, in place: tables get all three parts, as the rights were checked
 * for them; WITH queries get names that no table has, so that neither can pass for the other. Throws PgError.
 */
export async function pinRelations(tree: Tree, context: PinContext): Promise<Pinned> {
  const tables = [...nodesOf(tree.statements ?? null)].filter(isTableNode)
  const names = tables.map((node) => textAt(node, "table_name"))
  const found = await relationsNamed(names, context.ask)
  const nonce = randomBytes(6).toString("hex")
  const needs: Need[] = []
  const relations = new Set<string>()
  const cteNames = new Set<string>()
  const views = new Set<string>()

  function pinTable(node: Tree, ctes: CteScope | undefined): void {
    const parts = ["catalog_name", "schema_name", "table_name"]
      .map((key) => textAt(node, key))
      .filter((part) => part !== "")
    if (textAt(node, "catalog_name") === "memory") return
    const renamed = parts.length === 1 ? renamedIn(ctes, foldName(parts[0] ?? "")) : undefined
    if (renamed !== undefined) {
      if (textAt(node, "alias") === "") node.alias = parts[0] ?? ""
      node.table_name = renamed
      return
    }
    const relation = meantRelation(parts, context.place, found)
    if (relation === undefined) throw missing(parts)
    const need: Need = { privilege: "select", scope: scopeOf(relation) }
    requirePrivilege(context.access, need)
    needs.push(need)
    node.catalog_name = relation.database
    node.schema_name = relation.schema
    node.table_name = relation.name
    relations.add(relationKey(node))
    if (relation.isView === true) views.add(relationKey(node))
  }

  function missing(parts: string[]): PgError {
    const [, schema] = [...parts].reverse()
    const usage = {
      database: foldName(context.place.database),
      schema: foldName(schema ?? ""),
      table: "",
    }
    if (schema !== undefined && !allows(context.access, "usage", usage)) return denied(`schema ${schema}`)
    return new PgError("42P01", `relation "${parts.join(".")}" does not exist`)
  }

  function renameCte(entry: Tree): { renamed: string; isRecursive: boolean } {
    const renamed = `with_${cteNames.size}_${nonce}`
    cteNames.add(renamed)
    const query = isTree(entry.value) && isTree(entry.value.query) ? entry.value.query.node : undefined
    const isRecursive = isTree(query) && query.type === "RECURSIVE_CTE_NODE"
    if (isRecursive) query.cte_name = renamed
    entry.key = renamed
    return { renamed, isRecursive }
  }

  /** One list of names for all entries: each sees those before it, and itself if it is recursive. */
  function renameCtes(entries: Tree[], outer: CteScope | undefined): CteScope | undefined {
    const names = new Map<string, { renamed: string; place: number }>()
    for (const [place, entry] of entries.entries()) {
      const name = foldName(textAt(entry, "key"))
      const { renamed, isRecursive } = renameCte(entry)
      names.set(name, { renamed, place })
      waiting.push([entry.value ?? null, { names, upTo: isRecursive ? place + 1 : place, outer }])
    }
    return entries.length === 0 ? outer : { names, upTo: entries.length, outer }
  }

  // A loop of our own, so that a deep statement cannot exhaust the stack.
  const waiting: [TreeValue, CteScope | undefined][] = [[tree.statements ?? null, undefined]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, outer] = next
    if (Array.isArray(value)) for (const item of value) waiting.push([item, outer])
    if (!isTree(value)) continue
    if (isTableNode(value)) pinTable(value, outer)
    let ctes = outer
    if (isTree(value.cte_map) && Array.isArray(value.cte_map.map))
      ctes = renameCtes(value.cte_map.map.filter(isTree), outer)
    for (const [key, child] of Object.entries(value)) if (key !== "cte_map") waiting.push([child, ctes])
  }
  return { needs, relations, cteNames, views }
}
