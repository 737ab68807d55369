import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { RelationName } from "../../contract.ts"
import type { Governance, TableView } from "../../governed-tables.ts"
import { isTree, nodesOf, type SqlParser, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { isTableNode, pinRelations, relationKey } from "../rights/pin-relations.ts"
import type { AskEngine, NamePlace } from "../rights/relation-names.ts"
import { addBarrier } from "./barrier.ts"
import { shortenColumnNames } from "./column-names.ts"
import { needsBarrier } from "./needs-barrier.ts"
import { type Search, safeSearches, searchesIn } from "./searches.ts"
import { viewQuery } from "./view-query.ts"

/** A table of the statement, and what its user saw of it when the statement was planned. */
export interface GovernedRead {
  relation: RelationName
  view: TableView
}

export interface GovernedContext {
  governance: Exclude<Governance, { kind: "off" }>
  /** Who asks. */
  user: string
  place: NamePlace
  parser: SqlParser
  ask: AskEngine
}

/** A query with every name pinned. */
interface PinnedTree {
  tree: Tree
  /** Keys of the views among its tables: see `relationKey`. */
  views: ReadonlySet<string>
}

/** Views on views: deeper ones are refused. */
const mostViewLevels = 16

/**
 * Replaces every table in the query by what the user may see of it, and every view by its query, in which the same is done. In
 * place.
 *
 * @returns the tables that the query reads, itself or through views
 * @throws PgError 42501 a table is closed to the user; 0A000 a form of query that cannot be governed
 */
export async function substituteGoverned(
  pinned: PinnedTree,
  context: GovernedContext,
): Promise<GovernedRead[]> {
  return await substituteIn(pinned, context, { level: 0, isBarred: false })
}

interface Around {
  /** How many views the query is inside of. */
  level: number
  /** What is around the query needs a barrier. */
  isBarred: boolean
}

async function substituteIn(
  { tree, views }: PinnedTree,
  context: GovernedContext,
  around: Around,
): Promise<GovernedRead[]> {
  const nodes = [...nodesOf(tree.statements ?? null)].filter(isUsersTable)
  const seen = nodes.map((node) => seenBy(node, views, context))
  const filtered = seen.flatMap(({ view }) => (view?.kind === "filtered" ? [view] : []))
  const inside = { level: around.level + 1, isBarred: around.isBarred || needsBarrier(tree, filtered) }
  shortenColumnNames(
    tree,
    seen.flatMap(({ node, relation }) => (textAt(node, "alias") === "" ? [relation] : [])),
  )
  const searches = inside.isBarred ? searchesIn(tree) : new Map<Tree, Search[]>()
  const reads: GovernedRead[] = []
  for (const { node, relation, view } of seen) {
    if (view === undefined) {
      reads.push(...(await expandView(node, relation, context, inside)))
      continue
    }
    reads.push({ relation, view })
    if (view.kind !== "filtered") continue
    const query = await selectFrom(view.sql, context.parser)
    if (inside.isBarred) addBarrier(subqueryOf(query), safeSearches(searches.get(node) ?? [], view))
    becomeSubquery(node, query)
  }
  return reads
}

/** A table in a database: no WITH query, none of the catalogs, no temporary table of the session. */
function isUsersTable(node: Tree): boolean {
  const catalog = textAt(node, "catalog_name")
  return isTableNode(node) && catalog !== "" && catalog !== "memory" && catalog !== "temp"
}

interface Seen {
  node: Tree
  relation: RelationName
  /** undefined: it is a view, whose tables count. */
  view: TableView | undefined
}

function seenBy(node: Tree, views: ReadonlySet<string>, { governance, user }: GovernedContext): Seen {
  const relation = {
    database: textAt(node, "catalog_name"),
    schema: textAt(node, "schema_name"),
    name: textAt(node, "table_name"),
  }
  if (governance.kind === "unknown") throw closed(relation, governance.problem)
  if (views.has(relationKey(node))) return { node, relation, view: undefined }
  const view = governance.view(relation, user)
  if (view.kind === "refused") throw closed(relation, view.problem)
  if (view.kind === "filtered" && node.at_clause !== null && node.at_clause !== undefined)
    throw new PgError("0A000", `AT cannot be used with ${relation.name}, which policies govern`)
  return { node, relation, view }
}

function closed({ schema, name }: RelationName, problem: string): PgError {
  return new PgError("42501", `permission denied for relation ${name}: ${problem}`, {
    hint: `Policies govern ${schema}.${name} and cannot be applied now, so nobody but administrators reads it.`,
  })
}

async function expandView(
  node: Tree,
  relation: RelationName,
  context: GovernedContext,
  { level, isBarred }: Around,
): Promise<GovernedRead[]> {
  if (level > mostViewLevels)
    throw new PgError("54001", `more than ${mostViewLevels} views inside one another`)
  const tree = await selectFrom(await viewQuery(relation, context.ask), context.parser)
  // The engine looks for a view's names where the view is before it looks where the session does.
  const { database, schema } = relation
  const place = { database, searchPath: [schema, ...context.place.searchPath] }
  const access = { isSuperuser: true, readsAll: true, grants: [] }
  const { views } = await pinRelations(tree, { access, place, ask: context.ask })
  const reads = await substituteIn({ tree, views }, { ...context, place }, { level, isBarred })
  becomeSubquery(node, tree)
  return reads
}

/** `SELECT * FROM (query)`, parsed. */
async function selectFrom(query: string, parser: SqlParser): Promise<Tree> {
  const parsed = await parser.parse(`SELECT * FROM (${query})`)
  if (parsed.kind === "select") return parsed.tree
  throw new PgError("0A000", "a view of this kind cannot be read where policies govern tables")
}

function subqueryOf(tree: Tree): Tree {
  const statement = Array.isArray(tree.statements) ? tree.statements[0] : undefined
  const select = isTree(statement) && isTree(statement.node) ? statement.node : undefined
  if (!isTree(select?.from_table)) throw new Error("a query could not be put into a statement")
  return select.from_table
}

/** Puts the query of `selectFrom` in the place of a table, under the same name. */
function becomeSubquery(node: Tree, tree: Tree): void {
  const { alias, sample, column_name_alias } = node
  const name = alias === "" || alias === undefined ? textAt(node, "table_name") : alias
  const subquery = subqueryOf(tree)
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, subquery, { alias: name, sample, column_name_alias })
}
