/** The project as the TypeScript compiler sees it: syntax trees and types of all our files. */
import { join } from "node:path"
import type { Node, SourceFile } from "typescript/unstable/ast"
import { API, type Project } from "typescript/unstable/sync"
import { root } from "./source-files.ts"

export interface Program {
  project: Project
  files: readonly ProgramFile[]
  close(): void
}

export interface ProgramFile {
  /** From the project's root, with `/`. */
  path: string
  tree: SourceFile
}

export function openProgram(): Program {
  const api = new API({ cwd: root })
  const configuration = join(root, "tsconfig.json")
  const project = api.updateSnapshot({ openProjects: [configuration] }).getProject(configuration)
  if (project === undefined) throw new Error(`${configuration} is no project`)
  const names = project.program.getSourceFileNames().filter((name) => !name.includes("/node_modules/"))
  const files = names.flatMap((name) => {
    const tree = project.program.getSourceFile(name)
    return tree === undefined ? [] : [{ path: name.slice(root.length + 1), tree }]
  })
  return { project, files, close: () => api.close() }
}

/** The node and all below it, each before its children. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node
  const children: Node[] = []
  node.forEachChild((child) => {
    children.push(child)
  })
  for (const child of children) yield* nodesOf(child)
}

/** Counted from 1. */
export function lineOf(tree: SourceFile, position: number): number {
  return tree.text.slice(0, position).split("\n").length
}
