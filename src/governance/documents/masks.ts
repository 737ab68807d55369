import { matchesNothing, PatternError, readPattern, readReplacement } from "../grammar/pattern.ts"
import type { Mask } from "../model/policy.ts"
import { patternOf } from "./circumstances.ts"
import {
  anyTextOf,
  membersOf,
  needed,
  numberOf,
  oneOf,
  type Place,
  textOf,
  wholeNumberOf,
  wrongAt,
} from "./place.ts"

const types = ["null", "constant", "hash", "regex", "round", "dateTrunc", "partial", "reversible"] as const
const keys = [
  "type",
  "value",
  "joinableInProject",
  "pattern",
  "replacement",
  "bucket",
  "unit",
  "first",
  "last",
  "char",
]
export const dateUnits = ["year", "quarter", "month", "week", "day", "hour"] as const
/** From a billionth on: what every engine works out exactly enough. */
export const bucketLimits = { least: 0.000_000_001, most: 1e15 }

/** @throws DocumentError */
export function readMask(place: Place): Mask {
  const members = membersOf(place, keys)
  const of = (key: string) => needed(members, key, place)
  const type = members.get("type")
  // YAML reads a bare `null` as no value.
  const kind = type === undefined && hasNullType(place) ? "null" : oneOf(type ?? of("type"), types)
  switch (kind) {
    case "null":
      return { kind }
    case "constant":
      return { kind, value: constantOf(of("value")) }
    case "hash": {
      const project = members.get("joinableInProject")
      return project === undefined ? { kind } : { kind, joinableInProject: textOf(project) }
    }
    case "regex":
      return readRegexMask(of("pattern"), members.get("replacement"))
    case "round":
      return { kind, bucket: numberOf(of("bucket"), bucketLimits) }
    case "dateTrunc":
      return { kind, unit: oneOf(of("unit"), dateUnits) }
    case "partial":
      return {
        kind,
        first: wholeNumberOf(members.get("first") ?? { value: 0, pointer: "" }, { least: 0, most: 1_000 }),
        last: wholeNumberOf(members.get("last") ?? { value: 0, pointer: "" }, { least: 0, most: 1_000 }),
        character: characterOf(members.get("char")),
      }
    case "reversible":
      throw wrongAt(
        place,
        "reversible masks are not supported; write a hash, with joinableInProject where it must be joined",
      )
  }
}

function hasNullType({ value }: Place): boolean {
  return typeof value === "object" && value !== null && "type" in value && value.type === null
}

export function constantOf(place: Place): string {
  const { value } = place
  return typeof value === "number" || typeof value === "boolean" ? String(value) : anyTextOf(place)
}

/** A pattern that takes something away wherever it matches, and its replacement. */
export function readRegexMask(pattern: Place, replacement: Place | undefined): Mask {
  const text = patternOf(pattern)
  const read = readPattern(text)
  if (matchesNothing(read.node))
    throw wrongAt(pattern, "the pattern matches the empty text; write one that takes at least a character")
  const written = replacement === undefined ? "" : anyTextOf(replacement, 200)
  try {
    readReplacement(written, read)
  } catch (error) {
    if (error instanceof PatternError) throw wrongAt(replacement ?? pattern, error.message)
    throw error
  }
  return { kind: "regex", pattern: text, replacement: written }
}

function characterOf(place: Place | undefined): string {
  if (place === undefined) return "*"
  const text = textOf(place)
  if ([...text].length !== 1) throw wrongAt(place, "write one character")
  return text
}
