import { PatternError, readPattern } from "../grammar/pattern.ts"
import type { Circumstance, Circumstances } from "../model/policy.ts"
import {
  flagOf,
  listOf,
  type Members,
  membersOf,
  needed,
  oneOf,
  type Place,
  textOf,
  wrongAt,
} from "./place.ts"

const types = [
  "tags",
  "columnTags",
  "columnRegex",
  "anyTag",
  "noTags",
  "schema",
  "source",
  "everything",
] as const
const keys = [
  "type",
  "tag",
  "columnTag",
  "columnRegex",
  "regex",
  "caseInsensitive",
  "schema",
  "source",
  "operator",
]

/** `circumstances` and `circumstanceOperator` of a document; `undefined`: it has none. @throws DocumentError */
export function readCircumstances(document: Members): Circumstances | undefined {
  const place = document.get("circumstances")
  if (place === undefined) return undefined
  const operator = document.get("circumstanceOperator")
  const of = listOf(place).map(readCircumstance)
  if (of.length === 0)
    throw wrongAt(place, "write at least one circumstance; {type: everything} is for all sources there are")
  return { operator: operator === undefined ? "any" : oneOf(operator, ["any", "all"]), of }
}

function readCircumstance(place: Place): Circumstance {
  const members = membersOf(place, keys)
  const type = oneOf(needed(members, "type", place), types)
  switch (type) {
    case "everything":
    case "anyTag":
    case "noTags":
      return { kind: type }
    case "schema":
      return { kind: "schema", name: textOf(needed(members, "schema", place)) }
    case "source":
      return { kind: "source", name: textOf(needed(members, "source", place)) }
    case "tags":
      return { kind: "tag", tag: tagOf(needed(members, "tag", place)) }
    case "columnTags":
      return { kind: "columnTag", tag: tagOf(needed(members, "columnTag", place)) }
    case "columnRegex":
      return { kind: "columnRegex", ...regexOf(members, place) }
  }
}

/** A tag by its name; the reference product also writes `{name: …}`. */
export function tagOf(place: Place): string {
  if (typeof place.value === "string") return textOf(place)
  return textOf(needed(membersOf(place, ["name", "id", "displayName", "source"]), "name", place))
}

/** `regex` and `caseInsensitive`, here or in `columnRegex`. */
export function regexOf(members: Members, place: Place): { pattern: string; ignoresCase: boolean } {
  const nested = members.get("columnRegex")
  if (nested !== undefined && typeof nested.value === "string")
    return { pattern: patternOf(nested), ignoresCase: flagOf(members.get("caseInsensitive")) }
  const inner = nested === undefined ? members : membersOf(nested, ["regex", "caseInsensitive"])
  return {
    pattern: patternOf(needed(inner, "regex", nested ?? place)),
    ignoresCase: flagOf(inner.get("caseInsensitive")),
  }
}

/** A pattern of the checked grammar. */
export function patternOf(place: Place): string {
  const text = textOf(place)
  try {
    readPattern(text)
    return text
  } catch (error) {
    if (error instanceof PatternError) throw wrongAt(place, error.message)
    throw error
  }
}
