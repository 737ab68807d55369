import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { literalText } from "./growth.ts"
import { childrenOf, refused } from "./nodes.ts"

/** `printf` and `format`: a width may be any number. Throws 0A000. */
export function literalFormat(node: Tree): false {
  const name = textAt(node, "function_name")
  const format = literalText(childrenOf(node)[0])
  const hint = "Write the format into the statement, with widths up to 999 and none that are computed."
  if (format === undefined || /\d{4}|\*/.test(format)) throw refused(`this format of ${name}`, hint)
  // `{:{}}` takes a width from an argument.
  let open = false
  for (const character of format) {
    if (character === "{" && open && name.toLowerCase() === "format")
      throw refused(`this format of ${name}`, hint)
    if (character === "{") open = !open
    if (character === "}") open = false
  }
  return false
}

const structureLevelsAtMost = 32

/** `json_transform`: its reader recurses on the structure. Throws 0A000. */
export function literalStructure(node: Tree): false {
  const structure = literalText(childrenOf(node)[1])
  const hint = `Write the structure into the statement, with at most ${structureLevelsAtMost} levels.`
  if (structure === undefined) throw refused("a computed structure of JSON", hint)
  let depth = 0
  let deepest = 0
  let lists = 0
  for (const character of structure) {
    if ("[{(".includes(character)) depth++
    if (character === "[") lists++
    if ("]})".includes(character)) depth--
    deepest = Math.max(deepest, depth)
  }
  // In a type's name lists follow each other: INTEGER[][].
  if (
    deepest > structureLevelsAtMost ||
    lists > 10 * structureLevelsAtMost ||
    /(\[\d*\]){33}|variant|bignum|varint/i.test(structure)
  )
    throw refused("this structure of JSON", hint)
  return false
}

/** No column, parameter or subquery: the engine takes it for a constant. */
export function isFoldable(node: TreeValue | undefined): boolean {
  const waiting: TreeValue[] = [node ?? null]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    if (["COLUMN_REF", "PARAMETER", "SUBQUERY"].includes(textAt(value, "class"))) return false
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
  return true
}

/** Paths into JSON that name all levels take a power of the value's depth. Throws 0A000. */
export function harmlessPath(node: Tree): false {
  const [, path] = childrenOf(node)
  const literal = literalText(path)
  const hint = "Name the steps; one .. and four * are allowed, in a path that stands in the statement."
  if (literal !== undefined) {
    const parts = literal.split("..").length - 1
    const stars = literal.split("*").length - 1
    if (parts > 1 || stars > 4 || literal.length > 10_000) throw refused("this path into JSON", hint)
  } else if (isTree(path) && path.class !== "CONSTANT" && hasText(path) && isFoldable(path)) {
    throw refused("a computed path into JSON", hint)
  }
  return false
}

function hasText(node: Tree): boolean {
  return childrenOf(node).some((child) => literalText(child) !== undefined)
}
