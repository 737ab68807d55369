import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isTree, nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { allowedTableFunctions, type FunctionLists } from "../rights/allowed-functions.ts"
import { jsonRowFunctions } from "../semantics/set-returning.ts"
import { catalogFunctionNames } from "./functions.ts"
import { isOfSession } from "./session-functions.ts"

/** Functions whose rows are the same for everybody, and those that have none here: views of the same name stand for them. */
export const rowFunctions: Record<string, string> = {
  aclexplode:
    "SELECT NULL::BIGINT AS grantor, NULL::BIGINT AS grantee, NULL::VARCHAR AS privilege_type, NULL::BOOLEAN AS is_grantable WHERE false",
  pg_available_extension_versions:
    "SELECT NULL::VARCHAR AS name, NULL::VARCHAR AS version, NULL::BOOLEAN AS superuser, NULL::VARCHAR AS comment WHERE false",
  pg_get_keywords: `SELECT keyword_name AS word, CASE keyword_category WHEN 'reserved' THEN 'R' WHEN 'column_name' THEN 'C'
    WHEN 'type_function' THEN 'T' ELSE 'U' END AS catcode, keyword_category NOT IN ('reserved', 'type_function') AS barelabel,
    CASE keyword_category WHEN 'reserved' THEN 'reserved' WHEN 'column_name' THEN 'unreserved (cannot be function or type name)'
    WHEN 'type_function' THEN 'reserved (can be function or type name)' ELSE 'unreserved' END AS catdesc, '' AS baredesc
    FROM duckdb_keywords()`,
  pg_listening_channels: "SELECT NULL::VARCHAR AS pg_listening_channels WHERE false",
  pg_options_to_table: "SELECT NULL::VARCHAR AS option_name, NULL::VARCHAR AS option_value WHERE false",
}

const engineFunctions = /^(duckdb|pragma|sqlite)_/

const namedAfterItself = (node: Tree, name: string) => textAt(node, "alias") || name

/** `FROM f(x) AS y(z)` of a function that yields one value: `FROM (SELECT f(x)) AS y(z)`. */
function becomeQuery(node: Tree, call: Tree, name: string): void {
  const alias = namedAfterItself(node, name)
  const columns = Array.isArray(node.column_name_alias) ? node.column_name_alias : []
  const select = {
    type: "SELECT_NODE",
    modifiers: [],
    cte_map: { map: [] },
    select_list: [{ ...call, alias }],
    from_table: { type: "EMPTY", alias: "", sample: null, query_location: null },
    where_clause: null,
    group_expressions: [],
    group_sets: [],
    aggregate_handling: "STANDARD_HANDLING",
    having: null,
    sample: null,
    qualify: null,
  }
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, {
    type: "SUBQUERY",
    alias,
    sample: null,
    query_location: null,
    subquery: { node: select, named_param_map: [] },
    column_name_alias: columns,
  })
}

const isNamed = ({ column_name_alias: names }: Tree) => Array.isArray(names) && names.length > 0

function becomeTable(node: Tree, name: string): void {
  const { column_name_alias = [] } = node
  const alias = namedAfterItself(node, name)
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, {
    type: "BASE_TABLE",
    alias,
    sample: null,
    query_location: null,
    schema_name: "pg_catalog",
    table_name: name,
    column_name_alias,
    catalog_name: "",
    at_clause: null,
  })
}

function missing(name: string, call: Tree): PgError {
  const at = call.query_location
  return new PgError(
    "42883",
    `function ${name} does not exist`,
    typeof at === "number" ? { position: at + 1 } : {},
  )
}

/** Functions of rows whose rows can also be had from a list. */
const listFunctions = new Set(["generate_series", "range"])
const plainRowFunctions = new Set(["unnest", "regexp_split_to_table", "generate_subscripts"])

/**
 * The engine leaves a whole statement undescribed that has a parameter in a function of FROM: such a call becomes a query
 * of its rows.
 */
function rewriteRows(node: Tree, call: Tree, name: string): boolean {
  const isQualified = textAt(call, "schema").toLowerCase() === "pg_catalog"
  if (isQualified) call.schema = ""
  const hasParameter = [...nodesOf(call)].some((one) => one.class === "PARAMETER")
  if (!hasParameter || node.with_ordinality === "WITH_ORDINALITY") return isQualified
  if (listFunctions.has(name)) becomeQuery(node, { ...call, function_name: "unnest", children: [call] }, name)
  else if (plainRowFunctions.has(name)) becomeQuery(node, call, name)
  else return isQualified
  return true
}

function rewriteCall(node: Tree, functions: FunctionLists): boolean {
  const call = node.function
  if (!isTree(call)) return false
  const name = textAt(call, "function_name").toLowerCase()
  const schema = textAt(call, "schema").toLowerCase()
  const isPlain = ["", "pg_catalog"].includes(schema) && textAt(call, "catalog") === ""
  if (isPlain && jsonRowFunctions.has(name)) {
    becomeQuery(node, { ...call, schema: "" }, name)
    if (name.includes("elements") && !isNamed(node)) node.column_name_alias = ["value"]
    return true
  }
  if (allowedTableFunctions.has(name)) return rewriteRows(node, call, name)
  if (isPlain && Object.hasOwn(rowFunctions, name)) becomeTable(node, name)
  else if (isPlain && (catalogFunctionNames.has(name) || isOfSession(name))) becomeQuery(node, call, name)
  // Refused by the guard, whichever of them this version of the engine has.
  else if (functions.table.has(name) || engineFunctions.test(name)) return false
  else if (isPlain && functions.all.has(name)) becomeQuery(node, call, name)
  else throw missing(name, call)
  return true
}

/**
 * PostgreSQL takes any function in FROM (`SELECT * FROM current_schema()`), the engine only those that make rows: the others
 * become queries, in place. False: there was none. Throws 42883 for a function that is not there.
 */
export function rewriteFunctionsInFrom(tree: Tree, functions: FunctionLists): boolean {
  let isChanged = false
  for (const node of nodesOf(tree.statements ?? null))
    if (node.type === "TABLE_FUNCTION" && typeof node.class !== "string")
      isChanged = rewriteCall(node, functions) || isChanged
  return isChanged
}
