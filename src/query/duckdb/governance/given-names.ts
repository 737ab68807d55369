import { foldName } from "../../../domain/sql-access.ts"
import { nodesOf, type Tree } from "../dialect/syntax-tree.ts"

/** Every name that the query gives: to tables, columns and results. Folded. */
export function givenNames(tree: Tree): Set<string> {
  const given = new Set<string>()
  for (const { alias, aliases, column_name_alias: columns } of nodesOf(tree.statements ?? null)) {
    for (const name of [alias, aliases, columns].flat())
      if (typeof name === "string" && name !== "") given.add(foldName(name))
  }
  return given
}
