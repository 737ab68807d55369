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
  isDescending: boolean
}

const usualCount = 100
const mostCount = 1_000

/** `startIndex` counts from 1; `count` may be 0. (Fact) @throws Fault validation */
export function scimPage({ query }: RouteCall): ScimPage {
  const startIndex = wholeNumber(query, "startIndex", { least: 0, most: 1_000_000_000 }) ?? 1
  const count = wholeNumber(query, "count", { least: 0, most: 1_000_000_000 }) ?? usualCount
  const isDescending = query.get("sortOrder")?.toLowerCase() === "descending"
  return { offset: Math.max(0, startIndex - 1), size: Math.min(count, mostCount), isDescending }
}

export function scimList(
  resources: readonly object[],
  { offset }: Pick<ScimPage, "offset" | "size">,
  totalResults: number,
): object {
  return {
    schemas: ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
    totalResults,
    startIndex: offset + 1,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}

/** `sortBy`, without regard to case; by when they were made unless asked. (Fact) @throws Fault validation: another one */
export function orderOf<T extends string>({ query }: RouteCall, orders: ReadonlyMap<string, T>, usual: T): T {
  const asked = query.get("sortBy")
  if (asked === null || asked === "") return usual
  const plain = asked.toLowerCase().replace(/^urn:ietf:params:scim:schemas:core:2\.0:(user|group):/, "")
  const found = orders.get(plain)
  if (found !== undefined) return found
  throw new Fault("validation", `sortBy is one of ${[...orders.keys()].join(", ")}.`)
}

/**
 * `userName eq "ada"`, `emails[type eq "work"].value eq "a@example.com"`, `id eq "1" and members eq "2"`: the filters that identity
 * providers ask with, by name. Empty: there is none. @throws Fault validation: another one
 */
export function filterOf({ query }: RouteCall, names: readonly string[]): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>()
  const filter = query.get("filter") ?? ""
  let rest = filter.trim()
  while (rest !== "") {
    const [whole, path = "", text = ""] = comparison.exec(rest) ?? []
    const name = path.replace(/\[[^\]]*\]/, "").toLowerCase()
    const found = names.find((one) => [one, `${one}.value`].some((form) => form.toLowerCase() === name))
    if (whole === undefined || found === undefined || wanted.has(found))
      throw new Fault("validation", `Filters are: ${names.join(", ")}, each with eq "…", joined by and.`)
    wanted.set(found, unquoted(text))
    rest = rest.slice(whole.length)
  }
  return wanted
}

/** One `path eq "text"`, and the `and` behind it. */
const comparison = /^([\w.]+(?:\[[^\]]*\](?:\.\w+)?)?)\s+eq\s+("(?:[^"\\]|\\.)*")(?:\s*$|\s+and\s+(?=\S))/i

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

/** What a filter asks as a member of a search. */
export function textMember<N extends string>(
  filter: ReadonlyMap<string, string>,
  name: string,
  as: N,
): Partial<Record<N, string>> {
  const value = filter.get(name)
  return value === undefined ? {} : ({ [as]: value } as Partial<Record<N, string>>)
}

/** Of what is no id of ours nobody has it: 0. */
export function idText(text: string | undefined): number {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : 0
}
