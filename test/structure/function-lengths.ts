/** How long functions are, by the compiler's syntax trees. */
import { basename } from "node:path"
import type { Node } from "typescript/unstable/ast"
import {
  isArrowFunction,
  isCallExpression,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isGetAccessorDeclaration,
  isIdentifier,
  isMethodDeclaration,
  isPropertyAssignment,
  isVariableDeclaration,
} from "typescript/unstable/ast/is"
import { lineOf, nodesOf, type Program, type ProgramFile } from "./program.ts"

export interface FunctionLength {
  /** `file: name`, the file without its folder; a callback is named after what it is given to. */
  name: string
  lines: number
}

/** Every function with more lines than this, its first and last line counted. */
export function functionsOver(limitLines: number, { files }: Program): FunctionLength[] {
  return files.flatMap((file) => lengthsOf(file).filter(({ lines }) => lines > limitLines))
}

function lengthsOf({ path, tree }: ProgramFile): FunctionLength[] {
  return [...nodesOf(tree)].flatMap((node) => {
    if (!isFunction(node) || isGroupOfTests(node)) return []
    const lines = lineOf(tree, node.end) - lineOf(tree, node.getStart(tree)) + 1
    return [{ name: `${basename(path)}: ${nameOf(node)}`, lines }]
  })
}

function isFunction(node: Node): boolean {
  const kinds = [
    isArrowFunction,
    isFunctionDeclaration,
    isFunctionExpression,
    isMethodDeclaration,
    isConstructorDeclaration,
    isGetAccessorDeclaration,
  ]
  return kinds.some((isKind) => isKind(node))
}

/** Tests stand below one another in it: it is a heading, not a function. */
function isGroupOfTests(node: Node): boolean {
  const { parent } = node
  return isCallExpression(parent) && isIdentifier(parent.expression) && parent.expression.text === "describe"
}

function nameOf(node: Node): string {
  if (isFunctionDeclaration(node) || isMethodDeclaration(node) || isGetAccessorDeclaration(node))
    return node.name?.getText() ?? "default"
  const { parent } = node
  if (isVariableDeclaration(parent) || isPropertyAssignment(parent)) return parent.name.getText()
  if (isCallExpression(parent)) {
    const [first] = parent.arguments
    const title = first === undefined || first === node ? "" : ` ${first.getText().slice(0, 60)}`
    return `callback of ${parent.expression.getText().split("\n").at(-1)?.trim()}${title}`
  }
  return "unnamed"
}
