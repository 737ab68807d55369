/**
 * Promises that nobody waits for: their errors are lost, or end the process. Biome's rule for this does not see what Node's
 * own functions and packages return, so the compiler is asked.
 */
import type { Expression } from "typescript/unstable/ast"
import {
  isAwaitExpression,
  isBinaryExpression,
  isCallExpression,
  isExpressionStatement,
  isIdentifier,
  isParenthesizedExpression,
  isPropertyAccessExpression,
  isVoidExpression,
} from "typescript/unstable/ast/is"
import type { Checker, Type } from "typescript/unstable/sync"
import { lineOf, nodesOf, type Program, type ProgramFile } from "./program.ts"

/** Node's runner waits for what is declared in a file; for tests within tests it does not. */
const declarations = new Set([
  "test",
  "it",
  "describe",
  "group",
  "before",
  "after",
  "beforeEach",
  "afterEach",
])

/** Each as `path:line: the statement`. */
export function floatingPromises({ project, files }: Program): string[] {
  return files.flatMap((file) => floatingIn(file, project.checker))
}

function floatingIn({ path, tree }: ProgramFile, checker: Checker): string[] {
  const open = [...nodesOf(tree)].flatMap((node) =>
    isExpressionStatement(node) ? (leftOpen(node.expression) ?? []) : [],
  )
  const types = checker.getTypeAtLocation(open)
  return open.flatMap((expression, index) => {
    const type = types[index]
    if (type === undefined || !isThenable(type, checker)) return []
    const [text] = expression.getText(tree).split("\n")
    return [`${path}:${lineOf(tree, expression.getStart(tree))}: ${text}`]
  })
}

/** What would float if it is a promise; undefined: it is waited for, kept, or let go with `void`. */
function leftOpen(expression: Expression): Expression | undefined {
  if (isParenthesizedExpression(expression)) return leftOpen(expression.expression)
  if (isAwaitExpression(expression) || isVoidExpression(expression)) return undefined
  // An assignment keeps it. What `&&`, `||` and `??` give is judged by its type.
  if (isBinaryExpression(expression) && /=$/.test(expression.operatorToken.getText())) return undefined
  if (!isCallExpression(expression)) return expression
  const called = expression.expression
  if (isIdentifier(called) && declarations.has(called.text)) return undefined
  if (!isPropertyAccessExpression(called)) return expression
  const { name, expression: receiver } = called
  if (name.text === "finally") return leftOpen(receiver)
  const handlers = expression.arguments.length
  const isHandled = (name.text === "catch" && handlers === 1) || (name.text === "then" && handlers === 2)
  return isHandled ? undefined : expression
}

function isThenable(type: Type, checker: Checker): boolean {
  if (type.isUnionType()) return type.getTypes().some((one) => isThenable(one, checker))
  return checker.getPropertyOfType(type, "then") !== undefined
}
