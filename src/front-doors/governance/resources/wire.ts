import { z } from "zod"
import type { Changed, PageInput } from "../../../control-plane/governance/changes.ts"
import type { Permission } from "../../../domain/api-key.ts"
import { Fault } from "../../../domain/faults.ts"
import { parameter, type Route, type RouteCall } from "../route.ts"

/** A row of the table without what all rows here have in common. */
export type RouteHead = Pick<Route, "operation" | "method" | "path"> & { permissions: readonly Permission[] }

/** A route that only reads. */
export function reads(head: RouteHead, run: (call: RouteCall) => Promise<unknown>): Route {
  return {
    ...head,
    audited: undefined,
    run: async (call) => ({ kind: "json", body: await run(call) }),
  }
}

/**
 * A route that changes something: the trail keeps the path, and what was and what is as the service tells it. The body is not kept:
 * clients put passwords into it.
 */
export function changes<T>(
  head: RouteHead,
  run: (call: RouteCall) => Promise<Changed<T>>,
  shown: (output: T, call: RouteCall) => unknown,
): Route {
  return {
    ...head,
    audited: (call) => ({
      resource: [...call.parameters.values()].join("/") || undefined,
      parameters: { ...Object.fromEntries(call.parameters), ...Object.fromEntries(call.query) },
    }),
    async run(call) {
      const { output, resource, before, after } = await run(call)
      call.tell({ before, after })
      return { kind: "json", body: shown(output, call), resource }
    },
  }
}

/** What the body is, by its shape. @throws Fault validation, with a JSON pointer as everywhere in this API */
export function bodyAs<S extends z.ZodType>(call: RouteCall, shape: S): z.infer<S> {
  return shaped(call.body ?? {}, shape)
}

export function shaped<S extends z.ZodType>(value: unknown, shape: S): z.infer<S> {
  const checked = shape.safeParse(value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const pointer = `/${(issue?.path ?? []).map(String).join("/")}`
  throw new Fault("validation", `Invalid request payload: ${pointer} ${issue?.message ?? "is not valid"}`)
}

/** The number in the path. @throws Fault validation */
export function idOf(call: RouteCall, name: string): number {
  const text = parameter(call, name)
  const id = Number(text)
  if (/^\d{1,9}$/.test(text) && id > 0) return id
  throw new Fault("validation", `${text} is no id: ids are whole numbers.`)
}

/** A list's page by the query's members `offset`, `size`, `sortOrder`. (Fact: their names.) @throws Fault validation */
export function pageOf(
  { query }: RouteCall,
  { usual, most, isDescending = false }: { usual: number; most: number; isDescending?: boolean },
): PageInput {
  const order = query.get("sortOrder")
  if (order !== null && order !== "asc" && order !== "desc") {
    throw new Fault("validation", "sortOrder is asc or desc.")
  }
  return {
    offset: wholeNumber(query, "offset", { least: 0, most: 1_000_000_000 }) ?? 0,
    size: Math.min(wholeNumber(query, "size", { least: 1, most: 1_000_000_000 }) ?? usual, most),
    isDescending: order === null ? isDescending : order === "desc",
  }
}

/** @throws Fault validation */
export function wholeNumber(
  query: URLSearchParams,
  name: string,
  { least, most }: { least: number; most: number },
): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = Number(text)
  if (/^\d{1,10}$/.test(text) && value >= least && value <= most) return value
  throw new Fault("validation", `${name} is a whole number from ${least} on.`)
}

/** One of these, or the first. @throws Fault validation */
export function choice<T extends string>(
  query: URLSearchParams,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const given = query.get(name)
  if (given === null) return choices[0]
  const found = choices.find((one) => one === given)
  if (found !== undefined) return found
  throw new Fault("validation", `${name} is one of ${choices.join(", ")}.`)
}

/** @throws Fault validation */
export function flag(query: URLSearchParams, name: string): boolean {
  return choice(query, name, ["false", "true"]) === "true"
}

/** Each value of a member that may be repeated. */
export function listOf(query: URLSearchParams, name: string): string[] | undefined {
  const values = [...query.getAll(name), ...query.getAll(`${name}[]`)]
  return values.length === 0 ? undefined : values
}

/** A member of the query as an optional member of a search. */
export function textOf<N extends string>(
  query: URLSearchParams,
  name: string,
  as: N,
): Partial<Record<N, string>> {
  const value = query.get(name)
  return value === null || value === "" ? {} : ({ [as]: value } as Partial<Record<N, string>>)
}

/** Names of attributes as members: own members of the answer, whatever they are called. */
export function asMembers(values: ReadonlyMap<string, readonly string[]>): object {
  return Object.fromEntries(values)
}

/** A JSON object's members by name. */
export const textLists = z
  .record(z.string(), z.union([z.string().transform((one) => [one]), z.array(z.string())]))
  .transform((given) => new Map(Object.entries(given)))
