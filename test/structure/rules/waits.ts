/** Queues, deadlines and timers that are made by hand, by the compiler's syntax trees. `src/concurrency/` has one of each. */
import type { CallExpression, Node } from "typescript/unstable/ast"
import {
  isArrowFunction,
  isCallExpression,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isMethodDeclaration,
  isPropertyDeclaration,
  isVariableDeclaration,
} from "typescript/unstable/ast/is"
import { lineOf, nodesOf, type Program, type ProgramFile } from "../program.ts"

/** Names under which the code imports the timer of `node:timers/promises`. */
const sleeps = /\b(?:delay|sleep|setTimeout)\(/

/** Each as `path:line: what it is`. */
export function handMadeWaits({ files }: Program): string[] {
  return files.flatMap((file) =>
    [...nodesOf(file.tree)].flatMap((node) => {
      const what = handMade(node, file)
      return what === undefined
        ? []
        : [`${file.path}:${lineOf(file.tree, node.getStart(file.tree))}: ${what}`]
    }),
  )
}

function handMade(node: Node, { tree }: ProgramFile): string | undefined {
  if (isVariableDeclaration(node) || isPropertyDeclaration(node)) {
    const begins = node.initializer?.getText(tree)
    return begins === "Promise.resolve()" && !isConstant(node) ? "the tail of a queue" : undefined
  }
  if (!isCallExpression(node)) return undefined
  const called = node.expression.getText(tree)
  if (called === "setInterval") return "setInterval"
  if (called === "setTimeout") return "setTimeout"
  if (called === "Promise.race" && isAgainstTime(node)) return "a race against time"
  return undefined
}

function isConstant(node: Node): boolean {
  return isVariableDeclaration(node) && /^const\b/.test(node.parent.getText())
}

/** One that races is a timer: in the race itself, or under a name that the function around gives it. */
function isAgainstTime(race: CallExpression): boolean {
  if (sleeps.test(race.getText())) return true
  const around = functionAround(race)
  const racing = [...nodesOf(race)].filter((node) => isIdentifier(node)).map((node) => node.getText())
  return [...nodesOf(around)].some(
    (node) =>
      isVariableDeclaration(node) &&
      racing.includes(node.name.getText()) &&
      sleeps.test(node.initializer?.getText() ?? ""),
  )
}

function functionAround(node: Node): Node {
  const kinds = [isArrowFunction, isFunctionDeclaration, isFunctionExpression, isMethodDeclaration]
  let around = node.parent
  while (around.parent !== undefined && !kinds.some((isKind) => isKind(around))) around = around.parent
  return around
}
