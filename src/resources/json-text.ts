import { ResourceFault } from "./faults.ts"
import type { Json, Model } from "./resource-type.ts"

/** Deeper than any schema here; JSON.stringify and the validator are recursive. */
const depthLimit = 100

/** @param what names the text in messages. @throws ResourceFault invalidRequest */
export function parseJson(text: string, what: string): Json {
  if (isDeeperThan(text, depthLimit))
    throw new ResourceFault("invalidRequest", `${what} is nested deeper than ${depthLimit} levels.`)
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ResourceFault("invalidRequest", `${what} is not JSON.`)
  }
}

/** @throws ResourceFault invalidRequest */
export function parseModel(text: string, what: string): Model {
  const value = parseJson(text, what)
  if (isModel(value)) return value
  throw new ResourceFault("invalidRequest", `${what} is not a JSON object.`)
}

export function isModel(value: Json | undefined): value is Model {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** Counts brackets outside of strings, without reading the values. */
function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth++
    else if (token === "]" || token === "}") depth--
    if (depth > limit) return true
  }
  return false
}
