import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { LastCopy } from "../../contract.ts"
import { requireReader, type VirtualTable } from "../../virtual-table.ts"
import { isTree, nodesOf, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { pointAt, type VirtualTables } from "../virtual/virtual-tables.ts"
import { namesOfWith } from "../virtual/with-names.ts"
import { emptyInformationViews, emptyRelations } from "./empty-relations.ts"
import { catalogFunctionNames } from "./functions.ts"
import { informationViews } from "./information-schema.ts"
import { redshiftRelationNames } from "./redshift-relations.ts"

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
  ...["pg_am", "pg_attrdef", "pg_attribute", "pg_class", "pg_collation", "pg_constraint", "pg_database"],
  ...["pg_index", "pg_indexes", "pg_namespace", "pg_roles", "pg_settings", "pg_tables", "pg_tablespace"],
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

function replaceNode(node: Tree, by: Tree): void {
  const alias = node.alias
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, by)
  if (typeof alias === "string" && alias !== "") node.alias = alias
}

function constant(value: string | number): Tree {
  const id = typeof value === "string" ? "VARCHAR" : Math.abs(value) < 2 ** 31 ? "INTEGER" : "BIGINT"
  return {
    class: "CONSTANT",
    type: "VALUE_CONSTANT",
    alias: "",
    query_location: 0,
    value: { type: { id, type_info: null }, is_null: false, value },
  }
}

function call(name: string, argument: TreeValue): Tree {
  return {
    class: "FUNCTION",
    type: "FUNCTION",
    alias: "",
    query_location: 0,
    function_name: name,
    schema: "pgcat",
    children: [argument],
    filter: null,
    order_bys: { type: "ORDER_MODIFIER", orders: [] },
    distinct: false,
    is_operator: false,
    export_state: false,
    catalog: "memory",
  }
}

function stringConstant(node: TreeValue | undefined): string | undefined {
  if (!isTree(node) || node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  return typeof node.value.value === "string" ? node.value.value : undefined
}

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

function sessionConstant(node: Tree, name: string, facts: SessionFacts): Tree | undefined {
  switch (name) {
    case "version":
      return constant(facts.version)
    case "current_database":
    case "current_catalog":
      return facts.shownDatabase === facts.database ? undefined : constant(facts.shownDatabase)
    case "pg_last_copy_id":
      return constant(facts.lastCopy()?.queryId ?? -1)
    case "pg_last_copy_count":
      return constant(facts.lastCopy()?.rows ?? 0)
    case "pg_backend_pid":
      return constant(facts.processId)
    case "current_user":
    case "session_user":
    case "current_role":
      return constant(facts.user)
    case "current_setting": {
      const asked = Array.isArray(node.children) ? stringConstant(node.children[0]) : undefined
      const value = asked === undefined ? undefined : facts.setting(asked)
      if (value !== undefined) return constant(value)
      // A name that comes from a row (psql's \dconfig) cannot be known here; the engine's own settings stay closed.
      if (asked === undefined) return constant("")
      throw new PgError("42704", `unrecognized configuration parameter "${asked}"`)
    }
    default:
      return undefined
  }
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

function unboundName(type: TreeValue | undefined): string | undefined {
  if (!isTree(type) || type.id !== "UNBOUND" || !isTree(type.type_info)) return undefined
  const schema = textAt(type.type_info, "schema").toLowerCase()
  return schema === "" || schema === "pg_catalog" ? textAt(type.type_info, "name").toLowerCase() : undefined
}

/** `'t'::regclass` is an OID; `c.oid::regclass` is its name. */
function rewriteNamedOid(node: Tree, functions: { in: string; out: string }): void {
  const child = node.child ?? null
  replaceNode(node, call(stringConstant(child) === undefined ? functions.out : functions.in, child))
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

function rewriteCast(node: Tree): boolean {
  const named = namedOids.get(unboundName(node.cast_type) ?? "")
  if (!named) return rewriteTypes(node.cast_type)
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

/** PostgreSQL's catalogs are asked with its own reading of `~` (a match anywhere) and of array literals. */
function rewriteCatalogHabits(node: Tree): void {
  if (node.class === "FUNCTION" && node.function_name === "regexp_full_match")
    node.function_name = "regexp_matches"
  const text = stringConstant(node)
  if (text !== undefined && /^\{\d*\}$/.test(text) && isTree(node.value))
    node.value.value = `[${text.slice(1, -1)}]`
}

/** Points a SELECT at our catalogs and fills in the session's facts, in place. False: nothing had to change. */
export function rewriteForSession(tree: Tree, facts: SessionFacts): boolean {
  let changed = false
  let asksCatalog = false
  const ofWith = namesOfWith(tree)
  for (const node of nodesOf(tree.statements ?? null)) {
    if (node.type === "BASE_TABLE" && typeof node.class !== "string") {
      asksCatalog = rewriteTable(node, facts, ofWith) || asksCatalog
    } else if (node.type === "TABLE_FUNCTION" && typeof node.class !== "string") {
      changed = rewriteTableFunction(node) || changed
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
  return changed || asksCatalog
}
