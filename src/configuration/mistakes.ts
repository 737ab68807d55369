import type { z } from "zod"
import { ownValue } from "../domain/own-value.ts"
import type { PlacedMistake } from "./references.ts"
import type { ConfigurationFormat } from "./schema.ts"

type Issue = z.core.$ZodIssue

/** Each mistake of the schema with its place. Values are never repeated: any of them may be a secret. */
export function mistakesOf(
  issues: readonly Issue[],
  document: unknown,
  format: ConfigurationFormat,
): PlacedMistake[] {
  return issues.flatMap((issue) => mistakesOfIssue(issue, document, format))
}

function mistakesOfIssue(issue: Issue, document: unknown, format: ConfigurationFormat): PlacedMistake[] {
  const path = issue.path.filter((part) => typeof part !== "symbol")
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({ path: [...path, key], message: unknownKey(key, path, format) }))
    case "invalid_type":
      return [{ path, message: wrongType(issue.expected, valueAt(document, path)) }]
    case "invalid_union":
      if (path[0] === "state") return mistakesOfState(issue, document, format)
      return [{ path, message: wrongChoice(valueAt(document, path), path, format) }]
    case "too_small":
      return [{ path, message: issue.origin === "string" ? "must not be empty" : issue.message }]
    case "too_big":
      return [{ path, message: `may have at most ${issue.maximum} characters` }]
    default:
      return [{ path, message: issue.message }]
  }
}

/** A URL, or a block that has one: what was written decides which of the two is judged. */
function mistakesOfState(
  { errors, path }: z.core.$ZodIssueInvalidUnion,
  document: unknown,
  format: ConfigurationFormat,
): PlacedMistake[] {
  const value = valueAt(document, ["state"])
  const isBlock = typeof value === "object" && value !== null && !Array.isArray(value)
  if (!isBlock) return [{ path: ["state"], message: "must be a URL, or a block with url and tls" }]
  const inner = (errors.at(-1) ?? []).map((one) => ({ ...one, path: [...path, ...one.path] }))
  return mistakesOf(inner, document, format)
}

function valueAt(document: unknown, path: readonly (string | number)[]): unknown {
  let value = document
  for (const part of path) {
    if (typeof value !== "object" || value === null) return undefined
    value = (value as Record<string | number, unknown>)[part]
  }
  return value
}

const typeNames: Record<string, string> = {
  string: "must be text",
  array: "must be a list (lines that start with -)",
  object: "must be a block of keys",
  boolean: "must be true or false",
}

function wrongType(expected: string, value: unknown): string {
  if (value === undefined) return "is missing"
  const quotes = expected === "string" && (typeof value === "number" || typeof value === "boolean")
  return `${ownValue(typeNames, expected) ?? `must be ${expected}`}${quotes ? ": put it in quotes" : ""}`
}

/** The unions of the format are told apart by `engine`. */
function wrongChoice(
  value: unknown,
  path: readonly (string | number)[],
  { choices }: ConfigurationFormat,
): string {
  if (value === undefined) return "is missing"
  return path[0] === "sources" ? choices.sources : choices.warehouses
}

function unknownKey(
  key: string,
  path: readonly (string | number)[],
  { knownKeys }: ConfigurationFormat,
): string {
  const block = path.findLast((part) => typeof part === "string") ?? ""
  const closest = (ownValue(knownKeys, block) ?? [])
    .map((known) => ({ known, distance: editDistance(key, known) }))
    .sort((a, b) => a.distance - b.distance)[0]
  const close = closest !== undefined && closest.distance <= Math.max(1, Math.floor(key.length / 3))
  return close ? `is not a key here; did you mean ${closest.known}?` : "is not a key here"
}

/** How many characters to insert, drop or replace. Keys are short; an absurdly long one is cut. */
function editDistance(a: string, b: string): number {
  const from = a.slice(0, 64)
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] ?? 0) + (from[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** `sources[1].url: is missing` */
export function mistakeLine({ path, message }: PlacedMistake): string {
  const place = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("")
  return place === "" ? message : `${place.replace(/^\./, "")}: ${message}`
}
