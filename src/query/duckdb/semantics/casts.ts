import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { markedLength } from "../dialect/length-types.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { dateText, timestampText } from "../values/written-dates.ts"
import { textCast } from "./text-casts.ts"
import { become, castTo, constantText, dialectCall, numberConstant } from "./tree-nodes.ts"

/** A type that the engine's parser does not know has its name in the tree. */
export function markedType(node: Tree): ReturnType<typeof markedLength> {
  const type = node.cast_type
  if (!isTree(type) || !isTree(type.type_info)) return undefined
  return markedLength(textAt(type.type_info, "name").toLowerCase())
}

/** CHAR is compared without the blanks at its end, so it has none. */
function cutToLength(node: Tree): boolean {
  const marked = markedType(node)
  if (marked === undefined) return false
  const text = castTo(node.child ?? null, "VARCHAR")
  castToText(text)
  return become(node, dialectCall(`cut_${marked.kind}`, [text, numberConstant(marked.length)]))
}

const integers = new Set(["TINYINT", "SMALLINT", "INTEGER", "BIGINT"])

function invalid(type: string, text: string): PgError {
  return new PgError("22P02", `invalid input syntax for type ${type}: "${text}"`)
}

const booleans: ReadonlyMap<string, string> = new Map([
  ...["t", "true", "y", "yes", "on", "1"].map((one) => [one, "true"] as const),
  ...["f", "false", "n", "no", "off", "0"].map((one) => [one, "false"] as const),
])

/** A text of the statement as the engine reads the same value; itself where the engine reads it so, or not at all. Throws 22P02. */
function readable(text: string, type: string): string {
  // The engine rounds '1.5' and reads '0x1F'.
  if (integers.has(type)) {
    if (!/^\s*[+-]?\d+\s*$/.test(text)) throw invalid(type.toLowerCase(), text)
    return text
  }
  switch (type) {
    case "BOOLEAN": {
      const known = booleans.get(text.trim().toLowerCase())
      if (known === undefined) throw invalid("boolean", text)
      return known
    }
    case "FLOAT":
    case "DOUBLE":
      if (Math.abs(Number(text)) === Number.POSITIVE_INFINITY && !/inf/i.test(text))
        throw new PgError("22003", `"${text}" is out of range for type double precision`)
      return text
    case "DATE":
      return dateText(text)
    case "TIMESTAMP":
    case "TIMESTAMP WITH TIME ZONE":
      return timestampText(text)
    default:
      return text
  }
}

function constantCast(node: Tree): boolean {
  const text = constantText(node.child)
  if (text === undefined || !isTree(node.cast_type) || node.try_cast === true) return false
  const read = readable(text, textAt(node.cast_type, "id"))
  if (read === text) return false
  const { value } = node.child as { value: TreeValue }
  if (isTree(value)) value.value = read
  return true
}

/** Functions whose result is no floating point number. */
const neverFloat = new Set(
  `upper lower trim ltrim rtrim btrim substring substr left right replace concat || date_trunc count count_star length len row_number rank
   dense_rank ntile md5 sha1 now current_date strftime string_agg listagg lpad rpad repeat reverse split_part translate initcap`.split(
    /\s+/,
  ),
)

function mayBeFloat(child: Tree): boolean {
  switch (child.class) {
    case "CONSTANT":
    case "PARAMETER":
    case "SUBQUERY":
    case "CASE":
    case "COMPARISON":
    case "CONJUNCTION":
      return false
    case "CAST":
      return isTree(child.cast_type) && ["DOUBLE", "FLOAT"].includes(textAt(child.cast_type, "id"))
    case "FUNCTION":
    case "WINDOW":
      return (
        textAt(child, "function_name") === "average" ||
        (textAt(child, "schema") !== "redshift" && !neverFloat.has(textAt(child, "function_name")))
      )
    default:
      return true
  }
}

/** Constants and texts need no look at their type. */
function castToText(node: Tree): boolean {
  const { child } = node
  if (!isTree(node.cast_type) || node.cast_type.id !== "VARCHAR" || node.try_cast === true || !isTree(child))
    return false
  return mayBeFloat(child) && become(node, dialectCall("text_of", [child]))
}

/** A CHAR is compared without the blanks at the end of the text beside it. */
export function comparisonMeaning(node: Tree): boolean {
  const isChar = (side: TreeValue | undefined) => isTree(side) && side.function_name === "cut_char"
  const { left, right } = node
  const constant = isChar(left) ? right : isChar(right) ? left : undefined
  const text = constantText(constant)
  if (text === undefined || !text.endsWith(" ") || !isTree(constant) || !isTree(constant.value)) return false
  constant.value.value = text.replace(/ +$/, "")
  return true
}

/** A cast. True: the node was changed. Throws PgError. */
export function castMeaning(node: Tree): boolean {
  return cutToLength(node) || constantCast(node) || castToText(node) || textCast(node)
}
