import { ownValue } from "../../../domain/own-value.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { datePart } from "../dialect/date-parts.ts"
import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { toChar } from "./date-texts.ts"
import { numberClass } from "./number-classes.ts"
import { toNumber } from "./number-texts.ts"
import { isShort } from "./short-operands.ts"
import {
  become,
  castTo,
  childrenOf,
  constantNumber,
  constantText,
  dialectCall,
  engineCall,
  isParameter,
  operatorCall,
  textConstant,
} from "./tree-nodes.ts"

/** A start before the text takes from the length; the engine counts it from the end. */
function substring(node: Tree): boolean {
  const [, start, length] = childrenOf(node)
  const count = constantNumber(length)
  if (count !== undefined && count < 0) throw new PgError("22011", "negative substring length not allowed")
  const isPlain = (constantNumber(start) ?? 0) >= 1 && (length === undefined || count !== undefined)
  return !isPlain && become(node, dialectCall("substring", childrenOf(node)))
}

/** NULL beside a text is NULL. */
function concat(node: Tree): boolean {
  const parts = childrenOf(node).map((one): TreeValue => (isParameter(one) ? castTo(one, "VARCHAR") : one))
  const [first, ...more] = parts
  if (first === undefined || more.length === 0) return false
  return become(
    node,
    more.reduce<TreeValue>((before, next) => operatorCall("||", [before, next]), first) as Tree,
  )
}

/** EXTRACT and DATE_PART: parts of a second are those of the second alone, an epoch is whole. */
const ownParts: ReadonlyMap<string, string> = new Map([
  ["millisecond", "part_millisecond"],
  ["microsecond", "part_microsecond"],
  ["epoch", "part_epoch"],
])

function partOf(node: Tree): boolean {
  const [part, value] = childrenOf(node)
  const known = datePart(constantText(part) ?? "")
  const name = ownParts.get(known ?? "")
  if (name === undefined || value === undefined) return false
  return become(node, dialectCall(name, [value]))
}

/** Our function where so many arguments are given, the engine's where not. */
function ours(name: string, count: number): (node: Tree) => boolean {
  return (node) => childrenOf(node).length === count && become(node, dialectCall(name, childrenOf(node)))
}

/** Every match is replaced, not the first alone. Where a search begins is no argument of the engine's. Throws PgError. */
function regexpReplace(node: Tree): boolean {
  const children = childrenOf(node)
  const [, , , more] = children
  if (more !== undefined && constantText(more) === undefined && !isParameter(more))
    throw new PgError("0A000", "REGEXP_REPLACE with a position is not supported")
  if (children.length !== 3) return false
  node.children = [...children, textConstant("g")]
  return true
}

/** Whole positive exponents of any number are allowed. */
function power(node: Tree): boolean {
  const [base, exponent] = childrenOf(node)
  if (childrenOf(node).length !== 2 || base === undefined) return false
  const isPlain = isTree(exponent) && isWholeConstant(exponent)
  if (isPlain && !isShort(base)) return false
  return become(node, dialectCall(isPlain ? "power_whole" : "power", childrenOf(node)))
}

function isWholeConstant(node: Tree): boolean {
  const type = isTree(node.value) && isTree(node.value.type) ? node.value.type.id : undefined
  return type === "INTEGER" && (constantNumber(node) ?? -1) >= 0
}

/** A century begins with the year 1 of it; every other part is cut as in the engine. */
function dateTrunc(node: Tree): boolean {
  const [part, value] = childrenOf(node)
  const name = datePart(constantText(part) ?? "")
  if (part === undefined || value === undefined || (name !== "century" && name !== "millennium")) return false
  return become(node, dialectCall("trunc_to_century", [part, value]))
}

const timeFunctions = new Set(
  "getdate now date_trunc dateadd add_months last_day timezone to_timestamp convert_timezone current_timestamp strptime".split(
    " ",
  ),
)

function isTime(value: TreeValue | undefined): boolean {
  if (!isTree(value)) return false
  if (value.class === "CAST" && isTree(value.cast_type))
    return /^(TIMESTAMP|DATE)/.test(textAt(value.cast_type, "id"))
  return value.class === "FUNCTION" && timeFunctions.has(textAt(value, "function_name"))
}

/** TRUNC of a timestamp is a date. */
function truncate(node: Tree): boolean {
  const [value = null, ...more] = childrenOf(node)
  return more.length === 0 && isTime(value) && become(node, castTo(value, "DATE"))
}

/** Of what may be a floating point number. */
function round(node: Tree): boolean {
  const [value] = childrenOf(node)
  const known = numberClass(value ?? null)
  if (known === "integer" || known === "decimal" || !isShort(value ?? null)) return false
  return ours("round", 1)(node)
}

const rules: Record<string, (node: Tree) => boolean> = {
  // Aggregates take only a constant of the engine's own as their separator.
  chr: (node) => !((constantNumber(childrenOf(node)[0]) ?? 0) >= 1) && ours("chr", 1)(node),
  exp: ours("exp", 1),
  round,
  concat,
  "^": power,
  date_part: partOf,
  date_trunc: dateTrunc,
  datepart: partOf,
  "|/": (node) => become(node, engineCall("sqrt", childrenOf(node))),
  "||/": ours("cbrt", 1),
  cbrt: ours("cbrt", 1),
  lpad: ours("lpad", 2),
  octet_length: ours("octet_length", 1),
  pow: power,
  power,
  regexp_replace: regexpReplace,
  rpad: ours("rpad", 2),
  // A parameter keeps the type that the engine gives it.
  split_part: (node) =>
    !isParameter(childrenOf(node)[2]) &&
    (constantNumber(childrenOf(node)[2]) ?? 0) < 1 &&
    ours("split_part", 3)(node),
  to_char: toChar,
  to_hex: ours("to_hex", 1),
  to_number: toNumber,
  trunc: truncate,
  substr: substring,
  substring,
}

/** True: the node was changed. Throws PgError. */
export function functionMeaning(node: Tree, name: string): boolean {
  return ownValue(rules, name)?.(node) ?? false
}
