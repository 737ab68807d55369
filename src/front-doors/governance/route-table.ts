import type { Route } from "./route.ts"

export interface Matched {
  route: Route
  parameters: ReadonlyMap<string, string>
}

export interface RouteTable {
  /** Whether any route begins with the path's first segment. */
  covers(path: string): boolean
  /** The route, or the methods that the path has; none: there is no such path. */
  match(method: string, path: string): Matched | { methods: string[] }
}

/** @throws Error when two routes cannot be told apart */
export function routeTable(routes: readonly Route[]): RouteTable {
  const entries = routes.map((route) => ({ route, pattern: segmentsOf(route.path) }))
  // Segments that are words come before those that match anything: `/integrations/scripts/create` is no id.
  entries.sort((a, b) => firstDifference(a.pattern, b.pattern))
  const names = routes.map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new Error(`two routes are ${twice}`)
  const roots = new Set(entries.map(({ pattern }) => pattern[0]))
  return {
    covers: (path) => roots.has(segmentsOf(path)[0]),
    match(method, path) {
      const segments = segmentsOf(path)
      const methods: string[] = []
      for (const { route, pattern } of entries) {
        const parameters = matched(pattern, segments)
        if (parameters === undefined) continue
        if (route.method === method) return { route, parameters }
        methods.push(route.method)
      }
      return { methods: [...new Set(methods)] }
    },
  }
}

/** A slash at the end changes nothing. */
function segmentsOf(path: string): string[] {
  return path.replace(/^\//, "").replace(/\/$/, "").split("/")
}

function isParameter(segment: string): boolean {
  return segment.startsWith("{")
}

function firstDifference(a: readonly string[], b: readonly string[]): number {
  for (const [at, segment] of a.entries()) {
    const other = b[at]
    if (other === undefined) return 0
    const difference = Number(isParameter(segment)) - Number(isParameter(other))
    if (difference !== 0) return difference
  }
  return 0
}

function matched(
  pattern: readonly string[],
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined
  const parameters = new Map<string, string>()
  for (const [at, expected] of pattern.entries()) {
    const given = segments[at] ?? ""
    if (!isParameter(expected)) {
      if (expected !== given) return undefined
      continue
    }
    const value = decoded(given)
    if (value === undefined || value === "") return undefined
    parameters.set(expected.slice(1, -1), value)
  }
  return parameters
}

/** `undefined`: it is no percent-encoding. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
