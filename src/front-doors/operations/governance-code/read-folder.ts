import { type Document, isNode, LineCounter, parseDocument } from "yaml"
import {
  type CodeFolder,
  type CodeKind,
  type CodeProblem,
  codeKinds,
  keysOf,
} from "../../../control-plane/governance/code/code-folder.ts"
import { Fault } from "../../../domain/faults.ts"
import { folderShape } from "./folder-shapes.ts"

export interface CodeFile {
  /** In the folder, with slashes. */
  name: string
  text: string
}

/** What files say, and where each entry stands. */
export interface ReadFolder {
  folder: CodeFolder
  /** `file:line: message` of what is wrong with an entry. */
  told(problem: CodeProblem): string
}

/** How many nodes the aliases of a YAML document may repeat. */
const aliasLimit = 100

/** @throws Fault validation: a line `file:line: what is wrong` for each mistake */
export function readFolder(files: readonly CodeFile[]): ReadFolder {
  const mistakes: string[] = []
  const places = new Map<string, string>()
  const found = new Map<CodeKind, unknown[]>()
  for (const file of files) {
    const read = readFile(file, mistakes)
    if (read === undefined) continue
    for (const kind of codeKinds) addEntries(kind, read, { places, found, mistakes })
  }
  if (mistakes.length > 0) throw new Fault("validation", mistakes.join("\n"))
  return {
    folder: Object.fromEntries(found) as CodeFolder,
    told: ({ kind, key, message }) => `${places.get(`${kind} ${key}`) ?? kind}: ${kind} ${key}: ${message}`,
  }
}

interface ReadFile {
  folder: CodeFolder
  placeOf(path: readonly PropertyKey[]): string
}

function readFile({ name, text }: CodeFile, mistakes: string[]): ReadFile | undefined {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    ...{ version: "1.2", schema: "core", uniqueKeys: true, customTags: null },
    lineCounter: lines,
  })
  for (const { pos, code } of [...document.errors, ...document.warnings])
    mistakes.push(`${name}:${lines.linePos(pos[0]).line}: this is not YAML that is taken here (${code})`)
  if (document.errors.length > 0 || document.warnings.length > 0) return undefined
  const placeOf = (path: readonly PropertyKey[]) => `${name}:${lineAt(document, lines, path)}`
  const checked = folderShape.safeParse(contentOf(document, name, mistakes) ?? {})
  if (checked.success) return { folder: checked.data as CodeFolder, placeOf }
  for (const { path, message } of checked.error.issues)
    mistakes.push(`${placeOf(path)}: ${path.map(String).join(".")} ${message}`)
  return undefined
}

function contentOf(document: Document.Parsed, name: string, mistakes: string[]): unknown {
  try {
    return document.toJS({ maxAliasCount: aliasLimit })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    mistakes.push(`${name}:1: the aliases repeat too much, or name no anchor`)
    return {}
  }
}

/** Of the value, or of what should have it. */
function lineAt(document: Document.Parsed, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
  }
  return 1
}

function addEntries(
  kind: CodeKind,
  { folder, placeOf }: ReadFile,
  {
    places,
    found,
    mistakes,
  }: { places: Map<string, string>; found: Map<CodeKind, unknown[]>; mistakes: string[] },
): void {
  const entries = folder[kind]
  if (entries === undefined) return
  const keyOf = keysOf[kind] as (one: unknown) => string
  const all = found.get(kind) ?? []
  found.set(kind, all)
  for (const [at, one] of entries.entries()) {
    const name = `${kind} ${keyOf(one)}`
    const place = placeOf([kind, at])
    const before = places.get(name)
    if (before === undefined) all.push(one)
    else mistakes.push(`${place}: ${name} stands at ${before} already`)
    places.set(name, before ?? place)
  }
}
