import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { functionName } from "./growth.ts"
import { isFoldable } from "./literals.ts"

/** Lists and structs made of columns, in one statement: each may be inside the one before, through subqueries, too. */
const nestingAtMost = 200

const makers = new Set(
  "list_value list_pack struct_pack row map list array_agg list_zip array_zip struct_insert".split(" "),
)

/** The engine takes the square of how deep a value's type is, on the native stack. Throws 54001. */
export function refuseNestedValues(tree: Tree): void {
  let count = 0
  for (const node of nodesOf(tree.statements ?? null)) {
    if (textAt(node, "class") !== "FUNCTION" || !makers.has(functionName(node)) || isFoldable(node)) continue
    if (++count > nestingAtMost) {
      throw new PgError(
        "54001",
        `statement too complex: more than ${nestingAtMost} lists and structs made of columns`,
        {
          hint: "Do it in steps, through views or tables of your own.",
        },
      )
    }
  }
}
