import { isTree, nodesOf, type SqlParser, type Tree } from "../dialect/syntax-tree.ts"
import { isListOfTables } from "../rights/select-guard.ts"

/** To the engine, SHOW TABLES lists what is there, also to those who may not see it; the catalogs know better. */
const visibleTables =
  "SELECT * FROM (SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'v') ORDER BY 1)"

/** Puts the tables that the session's user may see in the place of each SHOW TABLES, in place. False: there is none. */
export async function listVisibleTables(tree: Tree, parser: SqlParser): Promise<boolean> {
  const lists = [...nodesOf(tree.statements ?? null)].filter(isListOfTables)
  for (const node of lists) {
    const parsed = await parser.parse(visibleTables)
    if (parsed.kind !== "select") throw new Error("the list of tables is no query")
    const [statement] = parsed.tree.statements as Tree[]
    const query = isTree(statement?.node) ? statement.node.from_table : undefined
    if (!isTree(query)) throw new Error("the list of tables has no FROM")
    const { alias = "" } = node
    for (const key of Object.keys(node)) delete node[key]
    Object.assign(node, query, { alias })
  }
  return lists.length > 0
}
