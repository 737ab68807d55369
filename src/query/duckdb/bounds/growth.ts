import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"

/** A value of this many characters counts as one: what one call of a bounded function may make per row. */
export const unitCharacters = 65_535

/** Functions whose result is as long as all their arguments together. */
export const joining: ReadonlySet<string> = new Set(
  `|| concat concat_ws list_value list_pack list_concat list_cat array_cat array_concat array_append list_append
   array_prepend list_prepend struct_pack row map struct_insert list_zip array_zip`.split(/\s+/),
)

/** Functions whose result is longer than their argument, by how much. */
const longer: Record<string, number> = {
  bin: 8,
  to_binary: 8,
  url_encode: 9,
  hex: 2,
  to_hex: 2,
  base64: 2,
  to_base64: 2,
  json_quote: 2,
  to_json: 2,
  regexp_escape: 2,
}

/** Functions that make long values out of short ones. */
export const amplifiers: ReadonlySet<string> = new Set(["repeat", "lpad", "rpad", "bitstring"])

/** Bounded by their own limits, whatever they are given, to so many units. */
const bounded: Record<string, number> = {
  repeat: 1,
  lpad: 1,
  rpad: 1,
  bitstring: 1,
  replace: 16,
  regexp_replace: 16,
  regexp_replace_plain: 16,
}

export function literalText(node: TreeValue | undefined): string | undefined {
  if (!isTree(node) || node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  return typeof node.value.value === "string" ? node.value.value : undefined
}

export function literalNumber(node: TreeValue | undefined): number | undefined {
  if (!isTree(node) || node.class !== "CONSTANT" || !isTree(node.value)) return undefined
  return typeof node.value.value === "number" ? node.value.value : undefined
}

/** How many units a constant is long: at least one. */
export function unitsOfConstant(node: Tree): number {
  return Math.max(1, Math.ceil((literalText(node)?.length ?? 0) / unitCharacters))
}

/** Of `repeat('x', 1000000)` and the like, whose length is known. */
function unitsOfLiterals(name: string, children: readonly TreeValue[]): number {
  const count = literalNumber(children[1])
  if (count === undefined) return 1
  const times = name === "repeat" ? (literalText(children[0])?.length ?? 1) : 1
  return Math.max(1, Math.ceil((count * times) / unitCharacters))
}

/** Places of a format that are filled in: one argument may stand in each of them. */
function fieldsOf(format: string): number {
  return Math.max(1, format.split("{").length - 1, format.split("%").length - 1)
}

/** Its name, also where our bounded form of it stands. */
export function functionName(node: Tree): string {
  return textAt(node, "function_name")
    .toLowerCase()
    .replace(/^bounded_/, "")
    .replace(/_of_(rows|elements)$/, "")
}

/** How much longer than a column of a table a function's result may be, from the same of its arguments. */
export function growthOf(node: Tree, children: readonly TreeValue[], growths: readonly number[]): number {
  const name = functionName(node)
  const most = Math.max(1, ...growths)
  if (joining.has(name)) {
    // Short constants between the columns are nothing.
    const parts = growths.filter((growth, at) => growth > 1 || literalText(children[at]) === undefined)
    return Math.max(
      1,
      parts.reduce((sum, growth) => sum + growth, 0),
    )
  }
  if (name === "format" || name === "printf") return most * fieldsOf(literalText(children[0]) ?? "")
  if (Object.hasOwn(bounded, name)) return Math.max(bounded[name] ?? 1, unitsOfLiterals(name, children))
  return most * (Object.hasOwn(longer, name) ? (longer[name] ?? 1) : 1)
}
