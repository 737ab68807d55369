import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

/** The WITH queries that can be seen somewhere, by lower-case name. */
type Visible = ReadonlySet<string>

/** Nodes of tables that mean a WITH query: such a query hides whatever else has its name, in its scope only. */
export function namesOfWith(tree: Tree): ReadonlySet<Tree> {
  const found = new Set<Tree>()
  // A loop, so that a deep statement cannot exhaust the stack.
  const waiting: [TreeValue, Visible][] = [[tree.statements ?? null, new Set()]]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const [value, outer] = next
    if (Array.isArray(value)) for (const item of value) waiting.push([item, outer])
    if (!isTree(value)) continue
    if (means(value, outer)) found.add(value)
    const visible = withQueries(value, outer, waiting)
    for (const [key, child] of Object.entries(value)) if (key !== "cte_map") waiting.push([child, visible])
  }
  return found
}

function means(node: Tree, visible: Visible): boolean {
  const isUnqualified = textAt(node, "schema_name") === "" && textAt(node, "catalog_name") === ""
  return node.type === "BASE_TABLE" && isUnqualified && visible.has(textAt(node, "table_name").toLowerCase())
}

/** What the node's own WITH adds. Each of its queries sees those before it, and itself if it is recursive. */
function withQueries(node: Tree, outer: Visible, waiting: [TreeValue, Visible][]): Visible {
  const entries =
    isTree(node.cte_map) && Array.isArray(node.cte_map.map) ? node.cte_map.map.filter(isTree) : []
  const visible = new Set(outer)
  for (const entry of entries) {
    const name = textAt(entry, "key").toLowerCase()
    const query = isTree(entry.value) && isTree(entry.value.query) ? entry.value.query.node : undefined
    const isRecursive = isTree(query) && query.type === "RECURSIVE_CTE_NODE"
    waiting.push([entry.value ?? null, new Set(isRecursive ? [...visible, name] : visible)])
    visible.add(name)
  }
  return entries.length === 0 ? outer : visible
}
