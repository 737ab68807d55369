import type { DataRule, RowFilter } from "../model/policy.ts"
import { tagOf } from "./circumstances.ts"
import { listOf, membersOf, needed, oneOf, type Place, textOf, wrongAt } from "./place.ts"

/**
 * `{operator, matches: [{type: group | attribute, attribute, column | columnTag | tag}]}`. The tag's column is found on each
 * source. `operator: any` (the usual one) keeps rows that one of the matches keeps.
 */
export function readEntitlementMatches(config: Place): DataRule[] {
  const members = membersOf(config, ["operator", "matches"])
  const place = needed(members, "matches", config)
  const texts = listOf(place).map(matchText)
  if (texts.length === 0) throw wrongAt(place, "write at least one match")
  const operator = members.get("operator")
  const isAll = operator !== undefined && oneOf(operator, ["any", "all"]) === "all"
  const where = (text: string): RowFilter => ({ kind: "where", text })
  return isAll
    ? texts.map((text) => ({ kind: "rowFilter", filter: where(text) }))
    : [{ kind: "rowFilter", filter: where(texts.join(" OR ")) }]
}

function matchText(place: Place): string {
  const members = membersOf(place, ["type", "attribute", "column", "columnTag", "tag"])
  const type = oneOf(needed(members, "type", place), ["group", "groups", "attribute", "attributes"])
  const [column, tag] = [members.get("column"), members.get("columnTag") ?? members.get("tag")]
  if ((column === undefined) === (tag === undefined))
    throw wrongAt(place, "write either `column` or `columnTag`")
  const operand =
    column === undefined
      ? `@columnTagged(${quoted(tagOf(tag ?? place))})`
      : `"${textOf(column).replaceAll('"', '""')}"`
  if (type === "group" || type === "groups") return `@groupsContains(${operand})`
  return `@attributeValuesContains(${quoted(textOf(needed(members, "attribute", place)))}, ${operand})`
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
