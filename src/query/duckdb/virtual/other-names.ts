import type { VirtualTable } from "../../virtual-table.ts"
import { isTree, nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { isVirtual, type VirtualTables } from "./virtual-tables.ts"

/**
 * Columns of virtual tables that are written by another of their names get their own, in place; a name that the statement itself gives
 * to something stays. Before the tables are substituted. True: something was changed.
 */
export function nameColumns(tree: Tree, tables: VirtualTables): boolean {
  const named = tablesByAlias(tree, tables)
  if (named.size === 0) return false
  const own = givenNames(tree)
  const listed = selectedColumns(tree)
  let isChanged = false
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.class !== "COLUMN_REF" || !Array.isArray(node.column_names)) continue
    const written = node.column_names.map(String)
    const name = written.at(-1) ?? ""
    const meant = own.has(name.toLowerCase()) ? undefined : columnMeant(named, written)
    if (meant === undefined || meant === name.toLowerCase()) continue
    node.column_names = [...written.slice(0, -1), meant]
    if (listed.has(node) && node.alias === "") node.alias = name
    isChanged = true
  }
  return isChanged
}

/** Whoever reads a query's result asks for its columns as they are written there. */
function selectedColumns(tree: Tree): Set<Tree> {
  const found = new Set<Tree>()
  for (const node of nodesOf(tree.statements ?? null))
    if (Array.isArray(node.select_list)) for (const item of node.select_list.filter(isTree)) found.add(item)
  return found
}

function tablesByAlias(tree: Tree, tables: VirtualTables): Map<string, VirtualTable> {
  const found = new Map<string, VirtualTable>()
  for (const node of nodesOf(tree.statements ?? null)) {
    const table = isVirtual(node) ? tables.of(node) : undefined
    if (table?.columnNamed !== undefined) found.set(textAt(node, "alias").toLowerCase(), table)
  }
  return found
}

/** Aliases of columns, which may be written like another name of a column. */
function givenNames(tree: Tree): Set<string> {
  const found = new Set<string>()
  for (const node of nodesOf(tree.statements ?? null)) {
    if (typeof node.class === "string" && typeof node.alias === "string" && node.alias !== "")
      found.add(node.alias.toLowerCase())
    if (Array.isArray(node.column_name_alias))
      for (const name of node.column_name_alias) found.add(String(name).toLowerCase())
    if (isTree(node.cte_map) && Array.isArray(node.cte_map.map))
      for (const entry of node.cte_map.map.filter(isTree))
        if (isTree(entry.value) && Array.isArray(entry.value.aliases))
          for (const name of entry.value.aliases) found.add(String(name).toLowerCase())
  }
  return found
}

/** With its table's name in front only that table is asked; without one, each, of which those win that have a column of just this name. */
function columnMeant(
  tables: ReadonlyMap<string, VirtualTable>,
  written: readonly string[],
): string | undefined {
  const [name = "", qualifier] = [...written].reverse()
  const asked =
    qualifier === undefined
      ? [...tables.values()]
      : [tables.get(qualifier.toLowerCase())].filter((one) => one !== undefined)
  const isExact = asked.some(({ columns }) => columns.some((column) => column.name === name.toLowerCase()))
  if (isExact) return undefined
  for (const table of asked) {
    const meant = table.columnNamed?.(name)
    if (meant !== undefined) return meant
  }
  return undefined
}
