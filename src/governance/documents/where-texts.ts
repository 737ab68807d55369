import { readWhere } from "../grammar/where.ts"
import type { WhereNode } from "../grammar/where-node.ts"
import { WhereError } from "../grammar/where-tokens.ts"
import { type Condition, mostConditionLevels } from "../model/condition.ts"
import { levelsOf } from "./conditions.ts"
import { type Place, textOf, wrongAt } from "./place.ts"

/** A text of the checked grammar of conditions. @throws DocumentError */
export function readWhereText(place: Place): string {
  const text = textOf(place, 4_000)
  whereNode(place, text)
  return text
}

function whereNode(place: Place, text: string): WhereNode {
  try {
    return readWhere(text)
  } catch (error) {
    if (error instanceof WhereError) throw wrongAt(place, error.message)
    throw error
  }
}

/** An expression about the person alone: `@isInGroups('A','B') AND @hasAttribute('k','v')`. @throws DocumentError */
export function readPersonExpression(place: Place): Condition {
  const condition = personCondition(place, whereNode(place, textOf(place, 4_000)))
  if (levelsOf(condition) > mostConditionLevels)
    throw wrongAt(place, `the expression lies more than ${mostConditionLevels} deep: write several policies`)
  return condition
}

function personCondition(place: Place, node: WhereNode): Condition {
  switch (node.kind) {
    case "and":
    case "or":
      return {
        kind: node.kind === "and" ? "all" : "any",
        of: node.of.map((one) => personCondition(place, one)),
      }
    case "not":
      return { kind: "not", of: personCondition(place, node.of) }
    case "hasAttribute":
      return { kind: "attribute", name: node.name, value: node.value }
    case "isInGroups":
      return oneOrAll(node.names.map((name) => ({ kind: "group", name })))
    case "isUsingPurpose":
      return { kind: "purpose", name: node.name }
    default:
      throw wrongAt(
        place,
        "only @isInGroups, @hasAttribute and @isUsingPurpose, with AND, OR and NOT, ask about a person alone",
      )
  }
}

function oneOrAll(of: Condition[]): Condition {
  return of.length === 1 ? (of[0] as Condition) : { kind: "all", of }
}
