import { readWhere } from "../grammar/where.ts"
import type { WhereColumn, WhereLiteral, WhereNode } from "../grammar/where-node.ts"
import { WhereError } from "../grammar/where-tokens.ts"
import type { GovernedColumn } from "../model/source.ts"
import { all, any, not } from "../plan/forms.ts"
import type { Literal, Predicate } from "../plan/predicates.ts"
import { hasTag } from "./circumstances.ts"
import { columnNamed, type Draft, flag, NotForSource, Refusal } from "./draft.ts"
import { listedColumn } from "./listed-column.ts"
import { literalFor } from "./literals.ts"

/**
 * The rows that a text in the checked grammar keeps.
 *
 * @throws Refusal the text is not in the grammar, or compares what cannot be compared
 * @throws NotForSource it asks for a tag that no column has
 */
export function wherePredicate(draft: Draft, text: string): Predicate {
  try {
    return predicateOf(draft, readWhere(text))
  } catch (error) {
    if (error instanceof WhereError) throw new Refusal(error.message)
    throw error
  }
}

function predicateOf(draft: Draft, node: WhereNode): Predicate {
  switch (node.kind) {
    case "and":
      return all(node.of.map((one) => predicateOf(draft, one)))
    case "or":
      return any(node.of.map((one) => predicateOf(draft, one)))
    case "not":
      return not(predicateOf(draft, node.of))
    case "constant":
      return node
    case "hasAttribute":
      return flag(draft, { kind: "attribute", name: node.name, value: node.value })
    case "isInGroups":
      return all(node.names.map((name) => flag(draft, { kind: "group", name })))
    case "isUsingPurpose":
      return flag(draft, { kind: "purpose", name: node.name })
    case "isOfDirectory":
      return any(node.iamIds.map((iamId) => flag(draft, { kind: "directory", iamId })))
    default:
      return columnPredicate(draft, node)
  }
}

type ColumnNode = Extract<WhereNode, { column: WhereColumn }>

function columnPredicate(draft: Draft, node: ColumnNode): Predicate {
  const column = columnOf(draft, node.column)
  switch (node.kind) {
    case "compare":
      return comparison(draft, column, node)
    case "in":
      return { kind: "in", column, literals: node.literals.map((one) => comparable(column, one)) }
    case "like":
      if (column.kind !== "text")
        throw new Refusal(`LIKE asks for a text; column "${column.name}" is ${column.type}`)
      return { kind: "like", column, pattern: node.pattern }
    case "isNull":
      return { kind: "isNull", column }
    case "attributeValues":
      return { kind: "attributeValue", column: listedColumn(draft, column.name), attribute: node.attribute }
    case "groups":
      return { kind: "groupName", column: listedColumn(draft, column.name) }
  }
}

function comparison(
  draft: Draft,
  column: GovernedColumn,
  { operator, with: other }: Extract<ColumnNode, { kind: "compare" }>,
): Predicate {
  if (other.kind !== "named" && other.kind !== "tagged")
    return { kind: "compare", column, operator, literal: comparable(column, other) }
  const right = columnOf(draft, other)
  if (right.kind !== column.kind || column.kind === "other")
    throw new Refusal(
      `columns "${column.name}" (${column.type}) and "${right.name}" (${right.type}) cannot be compared`,
    )
  return { kind: "compareColumns", left: column, operator, right }
}

function comparable(column: GovernedColumn, value: WhereLiteral): Literal {
  const literal = literalFor(column, value)
  if (literal !== undefined) return literal
  const shown = value.kind === "text" ? `'${value.text}'` : value.text
  throw new Refusal(`column "${column.name}" of type ${column.type} cannot be compared with ${shown}`)
}

/** An unquoted name is also that of the column in lower case, as in SQL. */
function columnOf(draft: Draft, column: WhereColumn): GovernedColumn {
  const { columns } = draft.source
  if (column.kind === "tagged") {
    const tagged = columns.filter(({ tags }) => hasTag(tags, column.tag))
    if (tagged.length > 1) throw new Refusal(`several columns have the tag ${column.tag}`)
    if (tagged[0] === undefined) throw new NotForSource(`no column has the tag ${column.tag}`)
    return tagged[0]
  }
  const isExact = column.isQuoted || columns.some(({ name }) => name === column.name)
  return columnNamed(draft, isExact ? column.name : column.name.toLowerCase())
}
