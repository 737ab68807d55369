import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { confineAggregate, namedAggregate } from "./aggregates.ts"
import { literalNumber } from "./growth.ts"
import { lambdaParameters, refuseInLambda } from "./lambdas.ts"
import { harmlessPath, literalFormat, literalStructure } from "./literals.ts"
import { refused } from "./nodes.ts"
import { like } from "./patterns/like.ts"
import { weighedPattern } from "./patterns/regular-expressions.ts"
import { distance, fewEntries, fewFormats, fewJoined, fewWidths } from "./products.ts"
import {
  padding,
  repeat,
  repeatedSearch,
  replace,
  replaceByExpression,
  resize,
  search,
  series,
  shallowArguments,
  swappedSearch,
} from "./sizes.ts"

/**
 * Functions of the engine that can end the process, never end, or fill the machine, and what stands in their place. Found
 * on DuckDB 1.5.6; to be looked at again with each later version. None of these can be interrupted.
 *
 * | function | what it does | here |
 * | --- | --- | --- |
 * | lead, lag with a constant offset of -2^63 | ends the process | offset is an INTEGER, as in PostgreSQL |
 * | json_structure, json_contains, json_merge_patch of deep JSON | ends the process (stack) | values up to 1,000 arrays and objects |
 * | json_pretty of deep JSON | the square of its depth in memory | the same |
 * | json_transform, from_json with a deep structure | ends the process (stack) | structure is a literal, 32 levels |
 * | casts to VARIANT of deep JSON | ends the process (stack) | no VARIANT |
 * | casts to BIGNUM and from it | square of the digits | no BIGNUM |
 * | json_serialize_sql, json_deserialize_sql | parse text that nobody has judged | denied |
 * | LIKE with several %, and _ or a computed pattern | exponential of the % | as a regular expression |
 * | GLOB | the same | denied |
 * | levenshtein and its kin | product of both lengths | 1,000 bytes; 30 in a lambda |
 * | strpos, contains, replace, string_split with a long needle | product of both lengths | 1,000 characters |
 * | patterns of many states (counted repeats) | product of the text and the states | 2,000,000 of both |
 * | regexp_replace, regexp_extract_all, regexp_split_to_… | square of the text where a search looks far | 2,048 characters |
 * | repeat, lpad, rpad, bitstring, replace | as much memory as is asked for | 65,535 characters |
 * | range, list_resize, and what is done with such lists of 2,048 rows | minutes | 10,000 elements; 100,000 of constants |
 * | equi_width_bins, map_concat, list_reduce of texts, strptime with many formats | seconds for each row | 1,000; 200; 16 formats |
 * | reservoir_quantile, approx_top_k with a large number | each group reserves it; the engine is dead when malloc fails | 8192; 100 |
 * | histogram with bins, quantiles of lists | groups times their number | 1,000 |
 * | printf, format | as much as a width asks for | format is a literal with widths up to 999 |
 * | list_reduce | a result that doubles with each element | the first parameter may come once |
 * | list functions with lambdas inside each other | product of the lists' lengths | inner one on the outer's parameter |
 */
export const confinedFor = "DuckDB 1.5.6"

function refusedFunction(what: string, hint: string) {
  return (): never => {
    throw refused(what, hint)
  }
}

const noGlob = refusedFunction("GLOB", "Use LIKE, SIMILAR TO or a regular expression.")
const noText = refusedFunction("SQL as a value", "Send it as a statement.")
const noVariant = refusedFunction("VARIANT", "Use JSON.")
const noBignum = refusedFunction("BIGNUM", "Use DECIMAL or HUGEINT.")

/** True: the node was changed. Throws 0A000, 54000. */
type Rule = (node: Tree, lambdaParameters: readonly string[]) => boolean

/** Of a function that looks for a pattern again and again. */
const weighedAnd =
  (rule: Rule): Rule =>
  (node, parameters) => {
    const isWeighed = weighedPattern(node)
    return rule(node, parameters) || isWeighed
  }

const plainLike = { isNegated: false, ignoresCase: false }

const rules: Record<string, Rule> = {
  "~~": (node) => like(node, plainLike),
  "!~~": (node) => like(node, { isNegated: true, ignoresCase: false }),
  "~~*": (node) => like(node, { isNegated: false, ignoresCase: true }),
  "!~~*": (node) => like(node, { isNegated: true, ignoresCase: true }),
  like_escape: (node) => like(node, plainLike),
  not_like_escape: (node) => like(node, { isNegated: true, ignoresCase: false }),
  ilike_escape: (node) => like(node, { isNegated: false, ignoresCase: true }),
  not_ilike_escape: (node) => like(node, { isNegated: true, ignoresCase: true }),
  "~~~": noGlob,
  glob: noGlob,
  json_serialize_sql: noText,
  json_deserialize_sql: noText,
  json_serialize_plan: noText,
  sql_auto_complete: noText,
  variant_extract: noVariant,
  variant_typeof: noVariant,
  variant_normalize: noVariant,
  parquet_normalize_variant: noVariant,
  printf: literalFormat,
  format: literalFormat,
  json_transform: literalStructure,
  json_transform_strict: literalStructure,
  from_json: literalStructure,
  from_json_strict: literalStructure,
  json_structure: shallowArguments,
  json_group_structure: shallowArguments,
  json_contains: shallowArguments,
  json_merge_patch: shallowArguments,
  json_pretty: shallowArguments,
  json_extract: harmlessPath,
  json_extract_string: harmlessPath,
  json_extract_path: harmlessPath,
  json_extract_path_text: harmlessPath,
  json_value: harmlessPath,
  json_exists: harmlessPath,
  json_type: harmlessPath,
  json_keys: harmlessPath,
  json_array_length: harmlessPath,
  "->": harmlessPath,
  "->>": harmlessPath,
  list_aggregate: namedAggregate,
  list_aggr: namedAggregate,
  array_aggregate: namedAggregate,
  array_aggr: namedAggregate,
  aggregate: namedAggregate,
  list_reduce: fewJoined,
  array_reduce: fewJoined,
  reduce: fewJoined,
  repeat,
  lpad: padding("lpad"),
  rpad: padding("rpad"),
  bitstring: padding("bitstring"),
  range: series("range"),
  generate_series: series("generate_series"),
  list_resize: resize,
  array_resize: resize,
  equi_width_bins: fewWidths,
  map_concat: fewEntries,
  strptime: fewFormats,
  try_strptime: fewFormats,
  levenshtein: distance("levenshtein"),
  editdist3: distance("levenshtein"),
  damerau_levenshtein: distance("damerau_levenshtein"),
  jaccard: distance("jaccard"),
  jaro_similarity: distance("jaro_similarity"),
  jaro_winkler_similarity: distance("jaro_winkler_similarity"),
  strpos: search("strpos"),
  instr: search("strpos"),
  position: search("strpos"),
  charindex: swappedSearch,
  contains: search("contains"),
  string_split: search("string_split"),
  str_split: search("string_split"),
  split: search("string_split"),
  string_to_array: search("string_split"),
  split_part: search("split_part"),
  replace,
  regexp_matches: weighedPattern,
  regexp_full_match: weighedPattern,
  regexp_extract: weighedPattern,
  regexp_substr: weighedPattern,
  regexp_replace: weighedAnd(replaceByExpression),
  regexp_extract_all: weighedAnd(repeatedSearch("regexp_extract_all")),
  regexp_count: weighedAnd(repeatedSearch("regexp_count")),
  string_split_regex: weighedAnd(repeatedSearch("string_split_regex")),
  str_split_regex: weighedAnd(repeatedSearch("string_split_regex")),
  regexp_split_to_array: weighedAnd(repeatedSearch("regexp_split_to_array")),
  regexp_split_to_table: weighedAnd(repeatedSearch("regexp_split_to_table")),
}

const offsetType: Tree = { id: "INTEGER", type_info: null }

/** PostgreSQL's offset is an INTEGER; the engine's is a BIGINT that it negates without a look. */
function confineWindow(node: Tree): boolean {
  if (!isTree(node.offset_expr) || !["WINDOW_LEAD", "WINDOW_LAG"].includes(textAt(node, "type"))) return false
  const offset = literalNumber(node.offset_expr)
  if (offset !== undefined && Math.abs(offset) < 2 ** 31) return false
  node.offset_expr = {
    class: "CAST",
    type: "OPERATOR_CAST",
    alias: "",
    query_location: 0,
    child: node.offset_expr,
    cast_type: { ...offsetType },
    try_cast: false,
  }
  return true
}

function refuseTypes(type: TreeValue | undefined): void {
  const waiting: TreeValue[] = [type ?? null]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    const names = [value.id, value.name, value.type_name, value.user_type_name, value.alias]
    for (const name of names) {
      if (typeof name !== "string") continue
      if (name.toUpperCase() === "VARIANT") noVariant()
      if (["BIGNUM", "VARINT"].includes(name.toUpperCase())) noBignum()
    }
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
}

function confineNode(node: Tree, parameters: readonly string[], isTableFunction: boolean): boolean {
  if (isTree(node.cast_type)) refuseTypes(node.cast_type)
  if (node.class === "WINDOW") return confineAggregate(node) || confineWindow(node)
  if (node.class !== "FUNCTION" || isTableFunction) return false
  if (parameters.length > 0) refuseInLambda(node, parameters)
  const name = textAt(node, "function_name").toLowerCase()
  const rule = Object.hasOwn(rules, name) ? rules[name] : undefined
  return rule?.(node, parameters) ?? confineAggregate(node)
}

/** A result without a name keeps the one that its function gave it. */
function keepName(item: Tree, name: string): void {
  const isOther = textAt(item, "function_name") !== name || textAt(item, "catalog") === "memory"
  if (isOther && textAt(item, "alias") === "" && /^[a-z_]\w*$/.test(name)) item.alias = name
}

/**
 * Puts bounded forms in the place of what could end the process, never end or fill the machine; in place, inner ones
 * first. True: something was changed. Throws 0A000 for what has no such form.
 */
export function confineCalls(tree: Tree): boolean {
  let isChanged = false

  function walkMembers(node: Tree, parameters: readonly string[]): void {
    const isTable = node.type === "TABLE_FUNCTION"
    for (const [key, child] of Object.entries(node)) {
      if (typeof child !== "object" || child === null || Object.isFrozen(child)) continue
      walk(child, parameters, isTable && key === "function")
    }
  }

  function walk(value: TreeValue, parameters: readonly string[], isTableFunction = false): void {
    if (Array.isArray(value)) for (const item of value) walk(item, parameters)
    if (!isTree(value)) return
    const named = Array.isArray(value.select_list) ? value.select_list.filter(isTree) : []
    const names = named.map((item) => textAt(item, "function_name"))
    walkMembers(value, value.class === "LAMBDA" ? [...parameters, ...lambdaParameters(value)] : parameters)
    for (const [at, item] of named.entries()) keepName(item, names[at] ?? "")
    if (confineNode(value, parameters, isTableFunction)) isChanged = true
  }

  walk(tree.statements ?? null, [])
  return isChanged
}
