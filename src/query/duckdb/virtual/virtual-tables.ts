import type { VirtualTable } from "../../virtual-table.ts"
import { type Tree, textAt } from "../dialect/syntax-tree.ts"

/** `memory.pgsys.<key>` stands for a virtual table while a statement is judged. No table is there: only the rewriting points there. */
export const virtualSchema = "pgsys"

/** The virtual tables of a query engine, by name. */
export interface VirtualTables {
  /** The one that a name of three parts means in a session on `database`; parts that are not given are "". */
  find(name: { catalog: string; schema: string; table: string }, database: string): VirtualTable | undefined
  /** The one that a node stands for; undefined: it stands for none. */
  of(node: Tree): VirtualTable | undefined
}

/** Throws where two have one name. */
export function virtualTables(tables: readonly VirtualTable[]): VirtualTables {
  const byKey = new Map(tables.map((table) => [keyOf(table), table]))
  if (byKey.size < tables.length) throw new Error("two virtual tables have one name")
  return {
    find: (name, database) => {
      const [catalog, schema, table] = [name.catalog, name.schema, name.table].map((one) => one.toLowerCase())
      const isHere = catalog === "" || catalog === database.toLowerCase()
      return tables.find(
        (one) =>
          one.name === table &&
          // A database of virtual tables alone has no sessions: its name says which is meant.
          (one.database === undefined
            ? isHere
            : one.database.toLowerCase() === (catalog === "" ? database.toLowerCase() : catalog)) &&
          (schema === "" ? foundUnqualified.has(one.schema) : one.schema === schema),
      )
    },
    of: (node) => (isVirtual(node) ? byKey.get(textAt(node, "table_name")) : undefined),
  }
}

const foundUnqualified: ReadonlySet<string> = new Set(["pg_catalog", "public"])

function keyOf({ name, schema, database }: VirtualTable): string {
  return schema === "pg_catalog" && database === undefined ? name : [database ?? "", schema, name].join(".")
}

/** Points a table's node at a virtual table, in place. It goes by its own name as before. */
export function pointAt(node: Tree, table: VirtualTable): void {
  if (textAt(node, "alias") === "") node.alias = table.name
  node.catalog_name = "memory"
  node.schema_name = virtualSchema
  node.table_name = keyOf(table)
}

/** The node was pointed at a virtual table. */
export function isVirtual(node: Tree): boolean {
  return node.type === "BASE_TABLE" && node.catalog_name === "memory" && node.schema_name === virtualSchema
}
