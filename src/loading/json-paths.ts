import { loadErrorCodes } from "../domain/copy.ts"
import { elementsOf, membersOf } from "./json-text.ts"
import { LoadFailure } from "./record-reader.ts"

export type JsonPath = (string | number)[]

const step = /\.([\p{L}_][\p{L}\p{N}_-]*)|\[(?:'([^']*)'|"([^"]*)"|([0-9]+))\]/uy

/** `$.a.b`, `$['a'][0]`; undefined: none of these. */
function parseJsonPath(text: string): JsonPath | undefined {
  if (!text.startsWith("$")) return undefined
  const path: JsonPath = []
  step.lastIndex = 1
  for (let at = 1; at < text.length; at = step.lastIndex) {
    const match = step.exec(text)
    if (match === null) return undefined
    path.push(match[4] === undefined ? (match[1] ?? match[2] ?? match[3] ?? "") : Number(match[4]))
  }
  return path
}

/** The paths of a file `{"jsonpaths": ["$.a", …]}`. @throws LoadFailure */
export function parseJsonPathsFile(text: string): JsonPath[] {
  const paths = listIn(text)?.map((one) => (typeof one === "string" ? parseJsonPath(one) : undefined))
  if (paths === undefined || paths.length === 0 || paths.some((path) => path === undefined))
    throw new LoadFailure(
      loadErrorCodes.unknown,
      'The JSONPaths file must be {"jsonpaths": ["$.a", "$[\'b\'][0]", …]}',
    )
  return paths.filter((path) => path !== undefined)
}

function listIn(text: string): unknown[] | undefined {
  try {
    const parsed: unknown = JSON.parse(text)
    const list =
      typeof parsed === "object" && parsed !== null && "jsonpaths" in parsed ? parsed.jsonpaths : []
    return Array.isArray(list) ? list : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** What the path leads to, as JSON; undefined: nothing. */
export function atJsonPath(json: string, path: JsonPath): string | undefined {
  let raw: string | undefined = json
  for (const one of path) {
    if (raw === undefined) return undefined
    if (typeof one === "number") raw = raw.startsWith("[") ? elementsOf(raw)[one] : undefined
    else raw = raw.startsWith("{") ? membersOf(raw).get(one) : undefined
  }
  return raw
}
