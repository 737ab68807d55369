import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { markedLength } from "../dialect/length-types.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { dateText, timestampText } from "../values/written-dates.ts"
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

/** A cast. True: the node was changed. Throws PgError. */
export function castMeaning(node: Tree): boolean {
  return cutToLength(node) || constantCast(node)
}
