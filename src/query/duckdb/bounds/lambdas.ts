import { isTree, type Tree, type TreeValue, textAt } from "../dialect/syntax-tree.ts"
import { literalNumber, literalText } from "./growth.ts"
import { childrenOf, refused } from "./nodes.ts"

/** Names of a lambda's parameters, in lower case. */
export function lambdaParameters(lambda: Tree): string[] {
  const names: string[] = []
  const waiting: TreeValue[] = [lambda.lhs ?? null]
  for (let value = waiting.shift(); value !== undefined; value = waiting.shift()) {
    if (Array.isArray(value)) waiting.push(...value)
    if (!isTree(value)) continue
    if (Array.isArray(value.column_names)) names.push(String(value.column_names[0]).toLowerCase())
    else waiting.push(value.children ?? null)
  }
  return names
}

function usesOf(name: string, body: TreeValue): number {
  let uses = 0
  const waiting: TreeValue[] = [body]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (Array.isArray(value)) for (const item of value) waiting.push(item)
    if (!isTree(value)) continue
    if (Array.isArray(value.column_names) && String(value.column_names[0]).toLowerCase() === name) uses++
    for (const child of Object.values(value)) if (typeof child === "object" && child) waiting.push(child)
  }
  return uses
}

/** Throws 0A000 where a result could double with each element. */
export function singleReduce(node: Tree): false {
  const lambda = childrenOf(node).find((child) => isTree(child) && child.class === "LAMBDA")
  if (!isTree(lambda)) throw refused("list_reduce without a lambda", "Write lambda x, y: … into the call.")
  const [accumulated = ""] = lambdaParameters(lambda)
  if (usesOf(accumulated, lambda.expr ?? null) > 1) {
    throw refused(
      "a reduction that uses its first parameter more than once",
      "Its result could double with each element.",
    )
  }
  return false
}

const areLiterals = (children: readonly TreeValue[]) =>
  children.every((child) => literalNumber(child) !== undefined || literalText(child) !== undefined)

/** In a lambda: lists as long as is asked for, and further lambdas on anything but the parameter, multiply the work. */
export function refuseInLambda(node: Tree, parameters: readonly string[]): void {
  const children = childrenOf(node)
  const name = textAt(node, "function_name").toLowerCase()
  const isMaker = ["range", "generate_series", "repeat", "list_resize", "array_resize"].includes(name)
  if (isMaker && !(areLiterals(children) && children.every((child) => (literalNumber(child) ?? 0) <= 1000)))
    throw refused(`${name} of computed numbers in a lambda`, "Make the list outside, and unnest it.")
  if (!children.some((child) => isTree(child) && child.class === "LAMBDA")) return
  const [list] = children
  const isOfParameter =
    isTree(list) &&
    Array.isArray(list.column_names) &&
    parameters.includes(String(list.column_names[0]).toLowerCase())
  if (!isOfParameter) {
    throw refused(
      "a lambda over another list in a lambda",
      "An inner one takes the outer one's parameter; or unnest.",
    )
  }
}
