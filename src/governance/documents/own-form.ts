/** Policies in our own form: `rules` for data, `subscription` for who may ask at all. */
import type { CellCondition, ColumnChoice, DataRule, RowFilter, SubscriptionRule } from "../model/policy.ts"
import { regexOf, tagOf } from "./circumstances.ts"
import { readCondition } from "./conditions.ts"
import { readMask } from "./masks.ts"
import {
  flagOf,
  listOf,
  membersOf,
  needed,
  numberOf,
  oneOf,
  type Place,
  textOf,
  textsOf,
  wholeNumberOf,
  wrongAt,
} from "./place.ts"
import { readWhereText } from "./where-texts.ts"

const ruleKeys = {
  mask: ["kind", "columns", "mask", "when", "unless", "description"],
  rowFilter: ["kind", "match", "where", "unless", "description"],
  purpose: ["kind", "purposes", "unless", "description"],
  time: ["kind", "keep", "count", "unit", "unless", "description"],
  minimize: ["kind", "percent", "unless", "description"],
} as const

/** @throws DocumentError */
export function readRule(place: Place): DataRule {
  const all = [...new Set(Object.values(ruleKeys).flat())]
  const kind = oneOf(needed(membersOf(place, all), "kind", place), [
    "mask",
    "rowFilter",
    "purpose",
    "time",
    "minimize",
  ])
  const members = membersOf(place, ruleKeys[kind])
  const of = (key: string) => needed(members, key, place)
  const exempt = members.get("unless")
  const unless = exempt === undefined ? {} : { unless: readCondition(exempt) }
  switch (kind) {
    case "mask": {
      const when = members.get("when")
      const condition = when === undefined ? {} : { when: readCellCondition(when) }
      return {
        kind,
        columns: readColumns(of("columns")),
        mask: readMask(of("mask")),
        ...condition,
        ...unless,
      }
    }
    case "rowFilter":
      return { kind, filter: readFilter(place, members.get("match"), members.get("where")), ...unless }
    case "purpose":
      return { kind, anyOf: someTexts(of("purposes")), ...unless }
    case "time":
      return {
        kind,
        keeps: oneOf(of("keep"), ["newer", "older"]),
        than: {
          count: wholeNumberOf(of("count"), { least: 1, most: 2_000_000_000 }),
          unit: oneOf(of("unit"), timeUnits),
        },
        ...unless,
      }
    case "minimize":
      return { kind, percent: numberOf(of("percent"), { least: 0, most: 100 }), ...unless }
  }
}

const timeUnits = ["second", "minute", "hour", "day", "month", "year"] as const

export function someTexts(place: Place): string[] {
  const texts = textsOf(place)
  if (texts.length === 0) throw wrongAt(place, "write at least one")
  return texts
}

function readColumns(place: Place): ColumnChoice[] {
  const columns = listOf(place)
  if (columns.length === 0) throw wrongAt(place, "write at least one column")
  return columns.map(readColumn)
}

function readColumn(place: Place): ColumnChoice {
  const members = membersOf(place, ["name", "tag", "anyTag", "noTags", "regex", "caseInsensitive"])
  const kinds = [...members.keys()].filter((key) => key !== "caseInsensitive")
  if (kinds.length !== 1) throw wrongAt(place, "write exactly one of name, tag, anyTag, noTags, regex")
  const [kind = ""] = kinds
  const value = needed(members, kind, place)
  if (kind === "name") return { kind: "name", name: textOf(value) }
  if (kind === "tag") return { kind: "tag", tag: tagOf(value) }
  if (kind === "regex") return { kind: "regex", ...regexOf(members, place) }
  if (!flagOf(value)) throw wrongAt(value, "write true")
  return { kind: kind === "anyTag" ? "anyTag" : "noTags" }
}

function readCellCondition(place: Place): CellCondition {
  const members = membersOf(place, ["column", "op", "value", "where"])
  const where = members.get("where")
  if (where !== undefined) {
    if (members.size > 1) throw wrongAt(place, "write either `where`, or `column`, `op` and `value`")
    return { where: readWhereText(where) }
  }
  const value = needed(members, "value", place)
  if (typeof value.value !== "string" && typeof value.value !== "number" && typeof value.value !== "boolean")
    throw wrongAt(value, "write a text, a number, true or false")
  if (typeof value.value === "string" && value.value !== "") textOf(value)
  return {
    column: textOf(needed(members, "column", place)),
    operator: oneOf(needed(members, "op", place), ["=", "<>", "<", "<=", ">", ">="]),
    value: value.value,
  }
}

function readFilter(place: Place, match: Place | undefined, where: Place | undefined): RowFilter {
  if ((match === undefined) === (where === undefined)) throw wrongAt(place, "write either `match` or `where`")
  if (where !== undefined) return { kind: "where", text: readWhereText(where) }
  const of = match ?? place
  const members = membersOf(of, ["column", "attribute", "group"])
  const column = textOf(needed(members, "column", of))
  const [attribute, group] = [members.get("attribute"), members.get("group")]
  if ((attribute === undefined) === (group === undefined))
    throw wrongAt(of, "write either `attribute: <name>` or `group: true` beside `column`")
  if (attribute !== undefined) return { kind: "attribute", column, attribute: textOf(attribute) }
  if (!flagOf(group)) throw wrongAt(group ?? of, "write true")
  return { kind: "group", column }
}

/** `anyone`, `manual`, `{type: entitlements, condition: …}`, `{type: approval, permissions: […]}`. @throws DocumentError */
export function readSubscription(place: Place): SubscriptionRule {
  const types = ["anyone", "manual", "entitlements", "approval"] as const
  if (typeof place.value === "string") {
    const kind = oneOf(place, types)
    if (kind === "entitlements") throw wrongAt(place, "write {type: entitlements, condition: …}")
    return kind === "approval" ? { kind, permissions: [] } : { kind }
  }
  const members = membersOf(place, ["type", "condition", "permissions"])
  const kind = oneOf(needed(members, "type", place), types)
  if (kind === "entitlements") return { kind, condition: readCondition(needed(members, "condition", place)) }
  const permissions = members.get("permissions")
  if (kind === "approval") return { kind, permissions: permissions === undefined ? [] : textsOf(permissions) }
  return { kind }
}
