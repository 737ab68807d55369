import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { LastCopy } from "../../contract.ts"
import { requireReader, type VirtualTable } from "../../virtual-table.ts"
import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { parseArrayLiteral } from "../values/array-literal.ts"
import { pointAt, type VirtualTables } from "../virtual/virtual-tables.ts"
import { namesOfWith } from "../virtual/with-names.ts"
import { emptyInformationViews, emptyRelations } from "./empty-relations.ts"
import { rowFunctions } from "./from-functions.ts"
import { catalogFunctionNames } from "./functions.ts"
import { rewriteCatalogHabits } from "./habits.ts"
import { informationViews } from "./information-schema.ts"
import { redshiftRelationNames } from "./redshift-relations.ts"
import { sessionConstant } from "./session-functions.ts"
import { catalogCall, constant, replaceNode, stringConstant } from "./tree-parts.ts"

/** What a statement may ask of its session; each becomes a constant. */
export interface SessionFacts {
  user: string
  database: string
  /** What `current_database()` says. */
  shownDatabase: string
  version: string
  processId: number
  /** The session's; undefined: there was none. */
  lastCopy(): LastCopy | undefined
  /** undefined: no such setting. */
  setting(name: string): string | undefined
  /** The engine's own pg_catalog views: unqualified, each must be ours or nothing. */
  enginePgViews: ReadonlySet<string>
  virtualTables: VirtualTables
  isAdmin: boolean
}

const pgRelations = new Set([
  ...redshiftRelationNames,
  ...Object.keys(emptyRelations),
  ...Object.keys(rowFunctions),
  ...[
    "pg_am",
    "pg_attrdef",
    "pg_attribute",
    "pg_class",
    "pg_collation",
    "pg_constraint",
    "pg_database",
    "pg_description",
  ],
  ...[
    "pg_index",
    "pg_indexes",
    "pg_namespace",
    "pg_proc",
    "pg_roles",
    "pg_settings",
    "pg_tables",
    "pg_tablespace",
  ],
  ...["pg_type", "pg_user", "pg_views"],
])
const informationRelations = new Set([
  ...Object.keys(emptyInformationViews),
  ...Object.keys(informationViews),
])

/** PostgreSQL's types that DuckDB lacks, by what a value of them becomes. */
const plainTypes = new Map<string, string>(
  Object.entries({
    name: "VARCHAR",
    char: "VARCHAR",
    cstring: "VARCHAR",
    bpchar: "VARCHAR",
    aclitem: "VARCHAR",
    pg_node_tree: "VARCHAR",
    jsonb: "VARCHAR",
    regproc: "VARCHAR",
    regprocedure: "VARCHAR",
    regoper: "VARCHAR",
    regoperator: "VARCHAR",
    regrole: "VARCHAR",
    regconfig: "VARCHAR",
    regdictionary: "VARCHAR",
    text: "VARCHAR",
    oid: "BIGINT",
    xid: "BIGINT",
    cid: "BIGINT",
    int2vector: "VARCHAR",
    oidvector: "VARCHAR",
  }),
)
/** Types whose value is an OID that prints as a name. */
const namedOids = new Map<string, { in: string; out: string }>(
  Object.entries({
    regclass: { in: "regclass_in", out: "regclass_out" },
    regtype: { in: "regtype_in", out: "regtype_out" },
    regnamespace: { in: "regnamespace_out", out: "regnamespace_out" },
  }),
)

/** True when it now points to our catalogs. */
function rewriteTable(node: Tree, facts: SessionFacts, ofWith: ReadonlySet<Tree>): boolean {
  const catalog = textAt(node, "catalog_name")
  const schema = textAt(node, "schema_name").toLowerCase()
  const name = textAt(node, "table_name").toLowerCase()
  const virtual = facts.virtualTables.find({ catalog, schema, table: name }, facts.shownDatabase)
  if (virtual !== undefined && ofWith.has(node)) return false
  if (virtual !== undefined) return pointAtVirtual(node, virtual, facts)
  const isShown = facts.shownDatabase !== facts.database && catalog.toLowerCase() === facts.shownDatabase
  if (isShown) node.catalog_name = facts.database
  if (catalog !== "" && !isShown && catalog.toLowerCase() !== facts.database.toLowerCase()) {
    if (schema !== "pg_catalog" && schema !== "information_schema") return false
    throw new PgError("0A000", "cross-database references to system catalogs are not implemented")
  }
  const isInformation = schema === "information_schema"
  const isPg =
    schema === "pg_catalog" || (schema === "" && (pgRelations.has(name) || facts.enginePgViews.has(name)))
  if (!isInformation && !isPg) return isShown
  if (!(isInformation ? informationRelations : pgRelations).has(name)) {
    throw new PgError("42P01", `relation "${schema === "" ? name : `${schema}.${name}`}" does not exist`)
  }
  node.catalog_name = "memory"
  node.schema_name = isInformation ? "pginfo" : "pgcat"
  node.table_name = name
  return true
}

function pointAtVirtual(node: Tree, table: VirtualTable, { isAdmin }: SessionFacts): true {
  // Who reads all is known when it runs, and nothing is read before.
  requireReader(table, { isSuperuser: isAdmin, readsAll: true })
  pointAt(node, table)
  return true
}

/** The same under another name. */
const engineNames = new Map<string, string>(
  Object.entries({
    json_build_object: "json_object",
    json_build_array: "json_array",
  }),
)

function rewriteFunction(node: Tree, facts: SessionFacts): boolean {
  const schema = textAt(node, "schema").toLowerCase()
  const name = textAt(node, "function_name").toLowerCase()
  const isTheirs = schema === "information_schema" && name === "_pg_expandarray"
  if (schema !== "" && schema !== "pg_catalog" && !isTheirs) return false
  const known = sessionConstant(node, name, facts)
  if (known) {
    replaceNode(node, known)
    return true
  }
  if (catalogFunctionNames.has(name)) {
    node.catalog = "memory"
    node.schema = "pgcat"
    node.function_name = name
    return true
  }
  const engineName = engineNames.get(name)
  if (engineName !== undefined) node.function_name = engineName
  else if (schema === "") return false
  node.schema = ""
  return true
}

const sessionColumns = new Set(["current_user", "session_user", "current_role"])

function rewriteColumn(node: Tree, facts: SessionFacts): boolean {
  const names = node.column_names
  if (!Array.isArray(names)) return false
  const first = typeof names[0] === "string" ? names[0].toLowerCase() : ""
  if (names.length === 1 && sessionColumns.has(first)) {
    replaceNode(node, constant(facts.user))
    return true
  }
  if (names.length > 2 && (first === "pg_catalog" || first === "information_schema")) {
    node.column_names = names.slice(1)
    return true
  }
  return false
}

/** `SELECT user`: of no table, as the tree tells no quoted name from a bare word, and tables have columns named so. */
function rewriteUser(select: Tree, facts: SessionFacts): boolean {
  if (!isTree(select.from_table) || select.from_table.type !== "EMPTY") return false
  const items = Array.isArray(select.select_list) ? select.select_list : []
  const asked = items
    .filter(isTree)
    .filter(({ column_names: names }) => String(names).toLowerCase() === "user")
  for (const item of asked) replaceNode(item, constant(facts.user))
  return asked.length > 0
}

function unboundName(type: TreeValue | undefined): string | undefined {
  if (!isTree(type) || type.id !== "UNBOUND" || !isTree(type.type_info)) return undefined
  const schema = textAt(type.type_info, "schema").toLowerCase()
  return schema === "" || schema === "pg_catalog" ? textAt(type.type_info, "name").toLowerCase() : undefined
}

/** `'t'::regclass` is an OID; `c.oid::regclass` is its name. */
function rewriteNamedOid(node: Tree, functions: { in: string; out: string }): void {
  const child = node.child ?? null
  const isGiven = stringConstant(child) !== undefined || (isTree(child) && child.class === "PARAMETER")
  replaceNode(node, catalogCall(isGiven ? functions.in : functions.out, child))
}

function rewriteTypes(type: TreeValue | undefined): boolean {
  if (!isTree(type)) return false
  const name = unboundName(type)
  const plain =
    name === undefined ? undefined : (plainTypes.get(name) ?? (namedOids.has(name) ? "BIGINT" : undefined))
  if (plain !== undefined) {
    type.id = plain
    type.type_info = null
    return true
  }
  if (name !== undefined && isTree(type.type_info) && type.type_info.schema !== "") {
    type.type_info.schema = ""
    return true
  }
  return isTree(type.type_info) && rewriteTypes(type.type_info.child_type)
}

/** The elements of `'{a,NULL,"b c"}'` as the engine reads a list. */
function listText(literal: string): string {
  const items = parseArrayLiteral(literal).map((one) =>
    one === null ? "NULL" : `'${one.replace(/[\\']/g, "\\$&")}'`,
  )
  return `[${items.join(", ")}]`
}

/** `'{1,2}'::int[]`: the engine writes lists otherwise. Arrays of arrays stay as they are. */
function rewriteArrayLiteral({ child, cast_type: type }: Tree): boolean {
  const text = stringConstant(child)
  if (text === undefined || !/^\s*\{[^{]*\}\s*$/.test(text) || !isTree(type) || type.id !== "LIST")
    return false
  if (isTree(child) && isTree(child.value)) child.value.value = listText(text)
  return true
}

function rewriteCast(node: Tree): boolean {
  const isArray = rewriteArrayLiteral(node)
  const named = namedOids.get(unboundName(node.cast_type) ?? "")
  if (!named) return rewriteTypes(node.cast_type) || isArray
  rewriteNamedOid(node, named)
  return true
}

const oneColumnFunctions = new Set([
  "generate_series",
  "unnest",
  "regexp_split_to_table",
  "generate_subscripts",
])

/** `generate_series(1, 3) s` has a column `s` in PostgreSQL. */
function rewriteTableFunction(node: Tree): boolean {
  const name = isTree(node.function) ? textAt(node.function, "function_name").toLowerCase() : ""
  const alias = textAt(node, "alias")
  const isNamed = Array.isArray(node.column_name_alias) && node.column_name_alias.length > 0
  if (alias === "" || isNamed || !oneColumnFunctions.has(name)) return false
  node.column_name_alias = [alias]
  return true
}

function rewriteNode(node: Tree, facts: SessionFacts): boolean {
  switch (node.class) {
    case "FUNCTION":
      return rewriteFunction(node, facts)
    case "COLUMN_REF":
      return rewriteColumn(node, facts)
    case "CAST":
      return rewriteCast(node)
    case "COLLATE":
      if (!["pg_catalog.default", "default"].includes(textAt(node, "collation").toLowerCase())) return false
      if (isTree(node.child)) replaceNode(node, node.child)
      return true
    default:
      return false
  }
}

/** What `rewriteForSession` found. */
export interface Rewritten {
  /** Something was changed. */
  isChanged: boolean
  /** It reads the catalogs, by a table or by a function. */
  readsCatalog: boolean
}

function callsCatalog(node: Tree): boolean {
  return node.class === "FUNCTION" && node.schema === "pgcat" && node.catalog === "memory"
}

/** Points a SELECT at our catalogs and fills in the session's facts, in place. */
export function rewriteForSession(tree: Tree, facts: SessionFacts): Rewritten {
  let changed = false
  let asksCatalog = false
  const ofWith = namesOfWith(tree)
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.type === "BASE_TABLE" && typeof node.class !== "string") {
      asksCatalog = rewriteTable(node, facts, ofWith) || asksCatalog
    } else if (node.type === "TABLE_FUNCTION" && typeof node.class !== "string") {
      changed = rewriteTableFunction(node) || changed
    } else if (node.type === "SELECT_NODE") {
      changed = rewriteUser(node, facts) || changed
    } else {
      // A replaced node may be one that needs rewriting itself (a cast around a cast).
      for (
        let again = rewriteNode(node, facts);
        again;
        again = node.class === "CAST" && rewriteNode(node, facts)
      ) {
        changed = true
      }
    }
  }
  if (asksCatalog) for (const node of nodesOf(tree.statements ?? null)) rewriteCatalogHabits(node)
  const isChanged = changed || asksCatalog
  const readsCatalog =
    asksCatalog || (isChanged && [...nodesOf(tree.statements ?? null)].some((node) => callsCatalog(node)))
  return { isChanged, readsCatalog }
}
