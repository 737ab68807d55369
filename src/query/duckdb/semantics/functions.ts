import { ownValue } from "../../../domain/own-value.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { datePart } from "../dialect/date-parts.ts"
import type { Tree, TreeValue } from "../dialect/syntax-tree.ts"
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

const rules: Record<string, (node: Tree) => boolean> = {
  concat,
  date_part: partOf,
  datepart: partOf,
  "|/": (node) => become(node, engineCall("sqrt", childrenOf(node))),
  "||/": (node) => become(node, engineCall("cbrt", childrenOf(node))),
  substr: substring,
  substring,
}

/** True: the node was changed. Throws PgError. */
export function functionMeaning(node: Tree, name: string): boolean {
  return ownValue(rules, name)?.(node) ?? false
}
