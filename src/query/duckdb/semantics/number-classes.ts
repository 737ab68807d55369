import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { isShort } from "./short-operands.ts"
import { childrenOf } from "./tree-nodes.ts"

/** What kind of number an expression is, where its text tells; `unknown`: only the engine's binder knows. */
export type NumberClass = "integer" | "decimal" | "float" | "unknown"

const typeClasses: ReadonlyMap<string, NumberClass> = new Map([
  ...["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"].map((one) => [one, "integer"] as const),
  ["DECIMAL", "decimal"],
  ["DOUBLE", "float"],
  ["FLOAT", "float"],
])

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

const integerFunctions = words(`
  count count_star length len strlen strpos ascii date_part datepart date_diff datediff year month day hour minute second quarter week
  dayofweek dayofyear row_number rank dense_rank ntile sign part_millisecond part_microsecond part_epoch charindex octet_length
  regexp_count strtol json_array_length`)
const floatFunctions = words(`
  sqrt ln log log10 exp pow power cbrt sin cos tan cot asin acos atan atan2 degrees radians pi random stddev stddev_samp stddev_pop
  variance var_samp var_pop as_double dexp dlog1 dlog10 median power_whole`)
/** Their result is of the class of their first argument. */
const likeArgument = words("sum min max abs any_value lag lead first_value last_value nonzero nonzero_once @")

function combined(classes: readonly NumberClass[]): NumberClass {
  if (classes.includes("float")) return "float"
  if (classes.length === 0 || classes.includes("unknown")) return "unknown"
  return classes.includes("decimal") ? "decimal" : "integer"
}

function ofFunction(node: Tree): NumberClass {
  const name = textAt(node, "function_name").toLowerCase()
  if (integerFunctions.has(name)) return "integer"
  if (floatFunctions.has(name)) return "float"
  const children = childrenOf(node)
  if (likeArgument.has(name)) return numberClass(children[0] ?? null)
  return ["+", "-", "*", "%", "//"].includes(name) ? combined(children.map(numberClass)) : "unknown"
}

/** Longer expressions are asked of the engine: each node would be looked at once for every division around it. */
const nodesLookedAt = 30

function classOf(node: Tree): NumberClass {
  switch (node.class) {
    case "CONSTANT": {
      const type = isTree(node.value) && isTree(node.value.type) ? textAt(node.value.type, "id") : ""
      return typeClasses.get(type) ?? "unknown"
    }
    case "CAST":
      return (isTree(node.cast_type) ? typeClasses.get(textAt(node.cast_type, "id")) : undefined) ?? "unknown"
    case "FUNCTION":
    case "WINDOW":
      return ofFunction(node)
    default:
      return "unknown"
  }
}

/** @param value a node whose own parts have been given their meaning */
export function numberClass(value: TreeValue): NumberClass {
  return isTree(value) && isShort(value, nodesLookedAt) ? classOf(value) : "unknown"
}
