import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { virtualSchema } from "../virtual/virtual-tables.ts"
import { allowedTableFunctions, isDeniedFunction } from "./allowed-functions.ts"

export interface GuardRules {
  /** Schemas that hold Millrace's own records, closed to all but administrators. */
  hiddenSchemas: ReadonlySet<string>
  isAdmin: boolean
  /** Relations that are there, by `database\0schema\0name`: named in full, they can mean nothing else. */
  known?: ReadonlySet<string>
  /** The name stands where no table can: the engine takes it for no file. */
  isNoTable?: boolean
}

/** The engine's own catalogs: their views name files and settings. Ours stand in for the useful ones. */
const engineCatalogs = new Set(["system", "memory"])
/** Names of the engine's databases and of our schemas in them: only the rewriting may point there. */
export const reservedQualifiers: ReadonlySet<string> = new Set([
  "memory",
  "system",
  "temp",
  "pgcat",
  "pginfo",
  "pgsys",
  "recurring",
])
const ownCatalogs = new Set(["pgcat", "pginfo", "redshift"])
const engineViews = /^(duckdb_|pragma_|sqlite_)/
/** A name that DuckDB would try as a file when no such table exists. */
const fileLike = /[/\\*?[\]:]|\.[a-z0-9]{1,12}$/i
const fileSuffixes = /^(csv|tsv|txt|parquet|json|jsonl|ndjson|gz|zst|db|duckdb|sqlite|arrow|avro|xlsx|blob)$/i

const queryNodes = new Set(["SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"])
const plainTableRefs = new Set(["SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "PIVOT"])

function refused(what: string): PgError {
  return new PgError("42501", `permission denied for ${what}`, {
    hint: "Queries may use tables, views and computing functions; files, the network and settings are out of reach.",
  })
}

/** The engine might take the name for a file or for something of its own, if it finds no table. */
export function mayMeanOtherThanTable(catalog: string, schema: string, name: string): boolean {
  const qualifiers = [catalog, schema].filter((part) => part !== "").map((part) => part.toLowerCase())
  return isFileLike(catalog, schema, name) || isEngines(qualifiers, name) || qualifiers.some(isReserved)
}

function isFileLike(catalog: string, schema: string, name: string): boolean {
  const isQualified = catalog !== "" || schema !== ""
  return fileLike.test(name) || (isQualified && fileSuffixes.test(name))
}

function isEngines(lowQualifiers: readonly string[], name: string): boolean {
  return lowQualifiers.some((part) => engineCatalogs.has(part)) || engineViews.test(name.toLowerCase())
}

function isReserved(lowQualifier: string): boolean {
  return reservedQualifiers.has(lowQualifier)
}

/** Refuses a name that reaches past the tables: a file, the engine's own catalogs, Millrace's records. */
export function checkRelation(catalog: string, schema: string, name: string, rules: GuardRules): void {
  // Our stand-ins for the system catalogs: the rewriting points here, and nothing in them is secret. Virtual tables make
  // rows for whoever asks.
  if (catalog === "memory" && (ownCatalogs.has(schema) || schema === virtualSchema)) return
  const parts = [catalog, schema, name].filter((part) => part !== "")
  const qualifiers = [catalog, schema].filter((part) => part !== "").map((part) => part.toLowerCase())
  if (rules.known?.has([catalog, schema, name].join("\0")) !== true) {
    if (rules.isNoTable !== true && isFileLike(catalog, schema, name))
      throw new PgError("42P01", `relation "${parts.join(".")}" does not exist`)
    if (isEngines(qualifiers, name)) throw refused(`relation ${parts.join(".")}`)
  }
  if (!rules.isAdmin && qualifiers.some((part) => rules.hiddenSchemas.has(part))) {
    throw refused(`schema ${schema || catalog}`)
  }
}

function checkTableFunction(node: Tree): void {
  const call = node.function
  const name = isTree(call) ? textAt(call, "function_name").toLowerCase() : ""
  if (!allowedTableFunctions.has(name)) throw refused(`function ${name || "?"}`)
}

/** DESCRIBE and SUMMARIZE carry a query, which is walked as well; a bare SHOW lists other things. */
function checkShow(node: Tree): void {
  if (isTree(node.query) || isListOfTables(node)) return
  throw refused("this form of SHOW")
}

/** SHOW TABLES, wherever it stands. */
export function isListOfTables(node: Tree): boolean {
  const names = [textAt(node, "table_name"), textAt(node, "catalog_name"), textAt(node, "schema_name")]
  return (
    node.type === "SHOW_REF" &&
    textAt(node, "show_type") === "SHOW_UNQUALIFIED" &&
    !isTree(node.query) &&
    names.join() === '"tables",,'
  )
}

function checkTableRef(node: Tree, type: string, rules: GuardRules): void {
  if (plainTableRefs.has(type)) return
  switch (type) {
    case "BASE_TABLE":
      checkRelation(
        textAt(node, "catalog_name"),
        textAt(node, "schema_name"),
        textAt(node, "table_name"),
        rules,
      )
      return
    case "TABLE_FUNCTION":
      checkTableFunction(node)
      return
    case "SHOW_REF":
      checkShow(node)
      return
    default:
      throw refused(`a table of kind ${type}`)
  }
}

/** A CTE must not take the name of a catalog view: outside its scope that name would mean the engine's own. */
function checkCteNames(node: Tree): void {
  if (!isTree(node.cte_map) || !Array.isArray(node.cte_map.map)) return
  for (const entry of node.cte_map.map) {
    const name = isTree(entry) ? textAt(entry, "key").toLowerCase() : ""
    if (engineViews.test(name) || name.startsWith("pg_")) {
      throw new PgError("42939", `the name "${name}" is reserved for system catalogs`)
    }
  }
}

/** Refuses whatever in a SELECT is not known to be harmless. Throws PgError. */
export function guardSelect(tree: Tree, rules: GuardRules): void {
  for (const node of nodesOf(tree.statements ?? null)) {
    const type = textAt(node, "type")
    if (typeof node.class === "string") {
      const name = textAt(node, "function_name").toLowerCase()
      if (node.class === "FUNCTION" && isDeniedFunction(name)) throw refused(`function ${name}`)
    } else if ("modifiers" in node && "cte_map" in node) {
      if (!queryNodes.has(type)) throw refused(`a query of kind ${type}`)
      checkCteNames(node)
    } else if ("sample" in node && "alias" in node && "query_location" in node) {
      checkTableRef(node, type, rules)
    }
  }
}
