import type { ColumnChoice, DataRule, Mask } from "../model/policy.ts"
import { regexOf, tagOf } from "./circumstances.ts"
import { bucketLimits, constantOf, dateUnits, readRegexMask } from "./masks.ts"
import { flagOf, listOf, membersOf, needed, numberOf, oneOf, type Place, textOf, wrongAt } from "./place.ts"
import { readWhereText } from "./where-texts.ts"

/** `config` of a masking rule of the reference product. */
export function readMaskingRule(config: Place): DataRule {
  const members = membersOf(config, ["fields", "maskingConfig", "conditionalPredicate"])
  const fields = needed(members, "fields", config)
  const columns = listOf(fields).map(readField)
  if (columns.length === 0) throw wrongAt(fields, "write at least one field")
  const where = members.get("conditionalPredicate")
  return {
    kind: "mask",
    columns,
    mask: readMaskingConfig(needed(members, "maskingConfig", config)),
    ...(where === undefined || where.value === "" ? {} : { when: { where: readWhereText(where) } }),
  }
}

function readField(place: Place): ColumnChoice {
  const members = membersOf(place, [
    "type",
    "columnTag",
    "columnRegex",
    "regex",
    "caseInsensitive",
    "column",
    "name",
  ])
  const type = oneOf(needed(members, "type", place), [
    "columnTags",
    "anyTag",
    "noTags",
    "columnRegex",
    "column",
  ])
  switch (type) {
    case "columnTags":
      return { kind: "tag", tag: tagOf(needed(members, "columnTag", place)) }
    case "columnRegex":
      return { kind: "regex", ...regexOf(members, place) }
    case "column":
      return { kind: "name", name: textOf(members.get("column") ?? needed(members, "name", place)) }
    case "anyTag":
    case "noTags":
      return { kind: type }
  }
}

const keys = [
  ...["type", "constant", "regex", "replacement", "caseInsensitive", "global", "bucketSize", "timePrecision"],
  ...["metadata", "joinableInProject"],
]
const types = ["Hash", "Constant", "Null", "Regex", "Regular Expression", "Rounding", "Grouping"] as const
const others =
  /^(?:K-Anonymization|Format Preserving Masking|Reversible|Randomized Response|Custom Function)$/

function readMaskingConfig(place: Place): Mask {
  const members = membersOf(place, keys)
  const of = (key: string) => needed(members, key, place)
  const type = members.get("type") ?? { value: "Null", pointer: `${place.pointer}/type` }
  if (typeof type.value === "string" && others.test(type.value))
    throw wrongAt(type, `${type.value} is not supported; write one of ${types.join(", ")}`)
  switch (oneOf(type, types)) {
    case "Hash": {
      const project = members.get("joinableInProject")
      return project === undefined ? { kind: "hash" } : { kind: "hash", joinableInProject: textOf(project) }
    }
    case "Constant":
      return { kind: "constant", value: constantOf(of("constant")) }
    case "Null":
      return { kind: "null" }
    case "Regex":
    case "Regular Expression": {
      const ignoresCase = members.get("caseInsensitive")
      if (flagOf(ignoresCase)) throw wrongAt(ignoresCase ?? place, "write both cases into the pattern: [Aa]")
      const global = members.get("global")
      if (global !== undefined && !flagOf(global))
        throw wrongAt(global, "every match is replaced: leave it out")
      return readRegexMask(of("regex"), members.get("replacement"))
    }
    case "Rounding":
    case "Grouping":
      return readRounding(place, members)
  }
}

function readRounding(place: Place, members: ReadonlyMap<string, Place>): Mask {
  const [bucket, precision] = [members.get("bucketSize"), members.get("timePrecision")]
  if ((bucket === undefined) === (precision === undefined))
    throw wrongAt(place, "write either `bucketSize` or `timePrecision`")
  if (bucket !== undefined) return { kind: "round", bucket: numberOf(bucket, bucketLimits) }
  const at = precision ?? place
  const unit = typeof at.value === "string" ? at.value.toLowerCase() : at.value
  return { kind: "dateTrunc", unit: oneOf({ value: unit, pointer: at.pointer }, dateUnits) }
}
