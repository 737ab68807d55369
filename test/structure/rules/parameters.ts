/** How many arguments functions take by place, by the compiler's syntax trees. */
import type { Node, ParameterDeclaration } from "typescript/unstable/ast"
import {
  isArrowFunction,
  isConstructorDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isFunctionTypeNode,
  isMethodDeclaration,
  isMethodSignatureDeclaration,
} from "typescript/unstable/ast/is"
import { lineOf, nodesOf, type Program, type ProgramFile } from "../program.ts"

/** A function or the type of one; `line` is that of its first parameter. */
export interface Signature {
  path: string
  line: number
  parameters: readonly ParameterDeclaration[]
}

export function signaturesOf({ files }: Program): Signature[] {
  return files.flatMap((file) => signaturesIn(file))
}

function signaturesIn({ path, tree }: ProgramFile): Signature[] {
  return [...nodesOf(tree)].flatMap((node) => {
    const parameters = parametersOf(node)
    const [first] = parameters
    return first === undefined ? [] : [{ path, line: lineOf(tree, first.getStart(tree)), parameters }]
  })
}

function parametersOf(node: Node): readonly ParameterDeclaration[] {
  if (
    isArrowFunction(node) ||
    isConstructorDeclaration(node) ||
    isFunctionDeclaration(node) ||
    isFunctionExpression(node) ||
    isFunctionTypeNode(node) ||
    isMethodDeclaration(node) ||
    isMethodSignatureDeclaration(node)
  )
    return [...node.parameters]
  return []
}

/** A `true` in a call says nothing: beside other arguments it is to be a named property, or a word of a union. */
export function takesBooleanBesides({ parameters }: Signature): boolean {
  return parameters.length > 1 && parameters.some((one) => isBoolean(one))
}

function isBoolean({ type, initializer }: ParameterDeclaration): boolean {
  return type?.getText() === "boolean" || /^(?:true|false)$/.test(initializer?.getText() ?? "")
}
