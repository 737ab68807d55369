import { foldName } from "../../../domain/sql-access.ts"
import type { RelationName } from "../../contract.ts"
import { nodesOf, type Tree } from "../dialect/syntax-tree.ts"

/**
 * A subquery has an alias and no schema. So `public.orders.id` and `shop.public.orders.id` become `orders.id`, where `orders` is
 * a table of the statement that a subquery is put in the place of. In place.
 */
export function shortenColumnNames(tree: Tree, replaced: readonly RelationName[]): void {
  const prefixes = replaced.flatMap(({ database, schema, name }) => [
    [database, schema, name],
    [schema, name],
  ])
  for (const node of nodesOf(tree.statements ?? null)) {
    const names = node.column_names
    if (node.class !== "COLUMN_REF" || !Array.isArray(names)) continue
    const prefix = prefixes.find((one) => one.length < names.length && one.every(isSameAs(names)))
    if (prefix !== undefined) node.column_names = names.slice(prefix.length - 1)
  }
}

const isSameAs =
  (names: readonly unknown[]) =>
  (part: string, at: number): boolean => {
    const name = names[at]
    return typeof name === "string" && foldName(name) === foldName(part)
  }
