import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { numberClass } from "./number-classes.ts"
import { isShort } from "./short-operands.ts"
import { become, dialectCall } from "./tree-nodes.ts"

/** By the type that is cast to: the function of `dialect/functions/texts-read.ts` that reads a text as Redshift does. */
const readers: ReadonlyMap<string, string> = new Map([
  ...["TINYINT", "SMALLINT", "INTEGER", "BIGINT"].map((one) => [one, "read_integer"] as const),
  ...["FLOAT", "DOUBLE"].map((one) => [one, "read_float"] as const),
  ["BOOLEAN", "read_boolean"],
  ["DATE", "read_date"],
  ["TIMESTAMP", "read_timestamp"],
])

/** Functions of dates and times, whose result is no text. */
const neverText = new Set(
  "date_trunc now current_date today make_date make_timestamp getdate last_day getdate dateadd add_months timezone trunc_to_century epoch_ms".split(
    " ",
  ),
)

function mayBeText(child: Tree): boolean {
  switch (child.class) {
    case "COLUMN_REF":
    case "CASE":
    case "SUBQUERY":
      return true
    case "CAST":
      return isTree(child.cast_type) && child.cast_type.id === "VARCHAR"
    case "FUNCTION":
    case "WINDOW":
      return numberClass(child) === "unknown" && !neverText.has(textAt(child, "function_name"))
    default:
      return false
  }
}

/** The cast of a text that is no constant. The engine reads more than Redshift (`1.5` as an integer) and less (`on`, `20240105`). */
export function textCast(node: Tree): boolean {
  const { child } = node
  const type = isTree(node.cast_type) ? textAt(node.cast_type, "id") : ""
  const reader = readers.get(type)
  if (reader === undefined || node.try_cast === true || !isTree(child) || !mayBeText(child)) return false
  const once = isShort(child) ? "" : "_once"
  const read: TreeValue = dialectCall(`${reader}${once}`, [child])
  return become(node, { ...node, child: read })
}
