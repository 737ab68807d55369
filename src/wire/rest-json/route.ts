import type { WireRequest } from "../http/message.ts"
import type { RestOperation, RestOperations } from "./operation.ts"

/** The operation that a request is for, and the members of its input that are in the path. */
export interface Located {
  name: string
  operation: RestOperation
  labels: ReadonlyMap<string, string>
}

/** Finds operations by method and path. */
export interface Routes {
  /** Undefined: no operation is there. */
  locate(request: Pick<WireRequest, "method" | "path">): Located | undefined
}

interface Route {
  name: string
  operation: RestOperation
  parts: readonly string[]
  /** How many parts are as they stand in the path: of two routes that fit, the one with more is meant. */
  fixed: number
}

export function routesOf(operations: RestOperations): Routes {
  const routes = Object.entries(operations)
    .map(([name, operation]): Route => {
      const parts = operation.uri.split("/").slice(1)
      return { name, operation, parts, fixed: parts.filter((part) => !part.startsWith("{")).length }
    })
    .sort((a, b) => b.fixed - a.fixed)
  return {
    locate({ method, path }) {
      const given = path.split("/").slice(1)
      for (const route of routes) {
        if (route.operation.method !== method) continue
        const labels = labelsOf(route.parts, given)
        if (labels !== undefined) return { name: route.name, operation: route.operation, labels }
      }
      return undefined
    },
  }
}

/** Undefined: the path is another, or cannot be decoded. */
function labelsOf(parts: readonly string[], given: readonly string[]): Map<string, string> | undefined {
  if (parts.length !== given.length) return undefined
  const labels = new Map<string, string>()
  for (const [at, part] of parts.entries()) {
    const value = decoded(given[at] ?? "")
    if (value === undefined || value === "") return undefined
    if (part.startsWith("{")) labels.set(part.slice(1, -1), value)
    else if (part !== value) return undefined
  }
  return labels
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}
