import { foldName } from "../../../domain/sql-access.ts"
import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { isSymbol, type Token } from "../../text/tokens.ts"
import { applyEdits } from "../dialect/edits.ts"
import { isTree, nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { isTableNode, relationKey } from "./pin-relations.ts"
import { type AskEngine, meantRelation, type NamePlace, relationsNamed } from "./relation-names.ts"
import { mayMeanOtherThanTable } from "./select-guard.ts"
import { tablePlaces } from "./write-guard.ts"

export interface KnownContext {
  place: NamePlace
  ask: AskEngine
  /** Names of the databases. */
  databases(): string[]
}

/**
 * Tables and views whose names the engine could take for a file, a view of its own or another database: each gets all
 * three parts, in place. By three parts it is found as a table; should it be dropped meanwhile, the engine looks for a file
 * called `database.schema.name` in the process's folder, which is closed to it.
 *
 * @returns the keys (see relationKey) of those relations
 */
export async function pinKnownRelations(tree: Tree, context: KnownContext): Promise<ReadonlySet<string>> {
  const databases = new Set(context.databases().map(foldName))
  const nodes = [...nodesOf(tree.statements ?? null)].filter(
    (node) => isTableNode(node) && isUnclear(partsOf(node), databases),
  )
  const known = new Set<string>()
  if (nodes.length === 0) return known
  const named = await relationsNamed(
    nodes.map((node) => textAt(node, "table_name")),
    context.ask,
  )
  // Not those of the in-memory database: our own stand-ins for the catalogs are there.
  const found = named.filter(({ database }) => databases.has(foldName(database)))
  const ctes = cteNames(tree)
  for (const node of nodes) {
    const parts = partsOf(node)
    // The query of a WITH clause of that name comes first; what else is meant cannot be told here.
    if (parts.length === 1 && ctes.has(foldName(parts[0] ?? ""))) continue
    const relation = meantRelation(parts, context.place, found)
    if (relation === undefined) continue
    node.catalog_name = relation.database
    node.schema_name = relation.schema
    node.table_name = relation.name
    known.add(relationKey(node))
  }
  return known
}

/**
 * The same for a statement without a tree: what it names by all three parts, and is there, as it is written.
 *
 * @returns keys as `pinKnownRelations`
 */
export async function knownRelationsIn(
  tokens: readonly Token[],
  context: KnownContext,
): Promise<ReadonlySet<string>> {
  const databases = new Set(context.databases().map(foldName))
  const named = namesOfThree(tokens).filter((parts) => mayMeanOtherThanTable(...parts))
  if (named.length === 0) return new Set()
  const found = await relationsNamed(
    named.map(([, , name]) => name),
    context.ask,
  )
  const isThere = ([catalog, schema, name]: FullName) =>
    databases.has(foldName(catalog)) &&
    meantRelation([catalog, schema, name], context.place, found) !== undefined
  return new Set(named.filter(isThere).map((parts) => parts.join("\0")))
}

/**
 * The same for names of a schema and a table, where a table can stand: each that is there gets its database before it, in the
 * text that is returned.
 */
export async function withDatabases(
  tokens: readonly Token[],
  sql: string,
  context: KnownContext,
): Promise<string> {
  const named = namesOfTwo(tokens).filter(({ parts }) => mayMeanOtherThanTable("", ...parts))
  if (named.length === 0) return sql
  const databases = new Set(context.databases().map(foldName))
  const found = (
    await relationsNamed(
      named.map(({ parts: [, name] }) => name),
      context.ask,
    )
  ).filter(({ database }) => databases.has(foldName(database)))
  const edits = named.flatMap(({ parts, token }) => {
    const relation = meantRelation(parts, context.place, found)
    if (relation === undefined) return []
    const written = [relation.database, relation.schema, relation.name].map(quoteIdentifier).join(".")
    return [{ ...token, text: written }]
  })
  return edits.length === 0 ? sql : applyEdits(sql, edits)
}

interface NameOfTwo {
  parts: [schema: string, name: string]
  token: { start: number; end: number }
}

function namesOfTwo(tokens: readonly Token[]): NameOfTwo[] {
  const isTablePlace = tablePlaces(tokens)
  return tokens.flatMap((token, at): NameOfTwo[] => {
    const [first, dot, second, after] = tokens.slice(at, at + 4)
    const isWhole = isName(first) && isName(second) && isSymbol(dot, ".") && !isSymbol(after, ".")
    if (!isWhole || !isTablePlace[at] || isSymbol(tokens[at - 1], ".")) return []
    return [{ parts: [token.value, second.value], token: { start: token.start, end: second.end } }]
  })
}

type FullName = [catalog: string, schema: string, name: string]

function namesOfThree(tokens: readonly Token[]): FullName[] {
  return tokens.flatMap((token, at): FullName[] => {
    const [first, dot, second, otherDot, third] = tokens.slice(at, at + 5)
    const isWhole = isName(first) && isName(second) && isName(third) && !isSymbol(tokens[at - 1], ".")
    if (!isWhole || !isSymbol(dot, ".") || !isSymbol(otherDot, ".")) return []
    return isSymbol(tokens[at + 5], ".") ? [] : [[token.value, second.value, third.value]]
  })
}

function isName(token: Token | undefined): token is Token {
  return token?.kind === "word" || token?.kind === "quoted"
}

function partsOf(node: Tree): string[] {
  return ["catalog_name", "schema_name", "table_name"]
    .map((key) => textAt(node, key))
    .filter((part) => part !== "")
}

/** In `shop.orders`, the engine refuses to choose between the schema `shop` and a database of that name. */
function isUnclear(parts: string[], databases: ReadonlySet<string>): boolean {
  const [name = "", schema = "", catalog = ""] = [...parts].reverse()
  if (mayMeanOtherThanTable(catalog, schema, name)) return true
  return parts.length === 2 && databases.has(foldName(schema))
}

function cteNames(tree: Tree): Set<string> {
  const names = new Set<string>()
  for (const { cte_map } of nodesOf(tree.statements ?? null)) {
    if (!isTree(cte_map) || !Array.isArray(cte_map.map)) continue
    for (const entry of cte_map.map) if (isTree(entry)) names.add(foldName(textAt(entry, "key")))
  }
  return names
}
