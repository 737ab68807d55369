import { z } from "zod"
import type { Changed } from "../../../control-plane/governance/changes.ts"
import { Fault } from "../../../domain/faults.ts"
import { changes, type RouteHead, wholeNumber } from "../resources/wire.ts"
import type { Route, RouteCall } from "../route.ts"

/** (Fact: RFC 7644.) */
export const patchShape = z.object({
  Operations: z
    .array(z.object({ op: z.string(), path: z.string().optional(), value: z.unknown().optional() }))
    .max(1_000),
})

export function scimHead(operation: string, method: Route["method"], path: string): RouteHead {
  return { operation, method, path: `/scim/v2/${path}`, permissions: ["USER_ADMIN"] }
}

/** With its status: 201 for what is made, 204 for what is gone. */
export function scimChanges<T>(
  head: RouteHead,
  run: (call: RouteCall) => Promise<Changed<T>>,
  { shown, status }: { shown: (output: T) => unknown; status: number },
): Route {
  const route = changes(head, run, shown)
  return {
    ...route,
    async run(call) {
      const answer = await route.run(call)
      return answer.kind === "json" ? { ...answer, status } : answer
    },
  }
}

export interface ScimPage {
  offset: number
  size: number
  isDescending: false
}

const usualCount = 100
const mostCount = 1_000

/** `startIndex` counts from 1; `count` may be 0. (Fact) @throws Fault validation */
export function scimPage({ query }: RouteCall): ScimPage {
  const startIndex = wholeNumber(query, "startIndex", { least: 0, most: 1_000_000_000 }) ?? 1
  const count = wholeNumber(query, "count", { least: 0, most: 1_000_000_000 }) ?? usualCount
  return { offset: Math.max(0, startIndex - 1), size: Math.min(count, mostCount), isDescending: false }
}

export function scimList(resources: readonly object[], { offset }: ScimPage, totalResults: number): object {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults,
    startIndex: offset + 1,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}

/** `userName eq "ada"`: the filter that identity providers ask with. @throws Fault validation: another one */
export function filterOf(
  { query }: RouteCall,
  names: readonly string[],
): { name: string; value: string } | undefined {
  const filter = query.get("filter")
  if (filter === null || filter === "") return undefined
  const [, name = "", text = ""] = /^\s*(\w+)\s+eq\s+("(?:[^"\\]|\\.)*")\s*$/i.exec(filter) ?? []
  const found = names.find((one) => one.toLowerCase() === name.toLowerCase())
  if (found === undefined)
    throw new Fault("validation", `Filters are: ${names.join(", ")}, each with eq "…".`)
  return { name: found, value: unquoted(text) }
}

/** @throws Fault validation */
function unquoted(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new Fault("validation", "The filter's text is not quoted as JSON.")
    throw error
  }
}
