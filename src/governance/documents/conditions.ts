import { type Condition, mostConditionLevels } from "../model/condition.ts"
import { listOf, membersOf, type Place, textOf, wrongAt } from "./place.ts"

const kinds = ["group", "attribute", "purpose", "any", "all", "not"] as const

/** `{group: …}`, `{attribute: {name: value}}`, `{purpose: …}`, `{any: […]}`, `{all: […]}`, `{not: …}`. @throws DocumentError */
export function readCondition(place: Place): Condition {
  return levelOf(place, 1)
}

function levelOf(place: Place, level: number): Condition {
  if (level > mostConditionLevels)
    throw wrongAt(
      place,
      `conditions lie at most ${mostConditionLevels} deep: make groups of the directory, or several rules`,
    )
  const members = membersOf(place, kinds)
  const [found, ...more] = members
  if (found === undefined || more.length > 0)
    throw wrongAt(
      place,
      `write exactly one of ${kinds.join(", ")}; several conditions stand in \`any\` or \`all\``,
    )
  const [kind, inner] = found
  switch (kind as (typeof kinds)[number]) {
    case "group":
      return { kind: "group", name: textOf(inner) }
    case "purpose":
      return { kind: "purpose", name: textOf(inner) }
    case "attribute":
      return attributeOf(inner)
    case "any":
    case "all":
      return { kind: kind as "any" | "all", of: someOf(inner, level) }
    case "not":
      return { kind: "not", of: levelOf(inner, level + 1) }
  }
}

function someOf(place: Place, level: number): Condition[] {
  const of = listOf(place)
  if (of.length === 0) throw wrongAt(place, "write at least one condition")
  return of.map((one) => levelOf(one, level + 1))
}

function attributeOf(place: Place): Condition {
  const { value } = place
  const entries =
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : []
  const [entry, ...more] = entries
  if (entry === undefined || more.length > 0)
    throw wrongAt(place, "write one attribute and its value: {clearance: high}")
  const [name, of] = entry
  return {
    kind: "attribute",
    name: textOf({ value: name, pointer: place.pointer }),
    value: textOf({ value: of, pointer: `${place.pointer}/${name}` }),
  }
}

/** How many conditions lie in one another. */
export function levelsOf(condition: Condition): number {
  switch (condition.kind) {
    case "any":
    case "all":
      return 1 + Math.max(0, ...condition.of.map(levelsOf))
    case "not":
      return 1 + levelsOf(condition.of)
    case "group":
    case "attribute":
    case "purpose":
      return 1
  }
}
