import { readPattern } from "../grammar/pattern.ts"
import { isFound } from "../grammar/pattern-match.ts"
import type { Circumstance, Circumstances, ColumnChoice } from "../model/policy.ts"
import type { GovernedColumn, GovernedSource } from "../model/source.ts"

/** Whether a policy with these circumstances is for the source. @throws PatternError */
export function isFor({ operator, of }: Circumstances, source: GovernedSource): boolean {
  if (of.length === 0) return false
  const matches = (one: Circumstance) => isMet(one, source)
  return operator === "all" ? of.every(matches) : of.some(matches)
}

function isMet(circumstance: Circumstance, source: GovernedSource): boolean {
  switch (circumstance.kind) {
    case "everything":
      return true
    case "source":
      return source.name === circumstance.name
    case "schema":
      return source.table.schema === circumstance.name
    case "tag":
      return hasTag(source.tags, circumstance.tag)
    case "anyTag":
      return source.tags.length > 0
    case "noTags":
      return source.tags.length === 0
    case "columnTag":
      return source.columns.some(({ tags }) => hasTag(tags, circumstance.tag))
    case "columnRegex":
      return source.columns.some(({ name }) => isNameFound(circumstance, name))
  }
}

/** The tag or one below it: `PII.SSN` is a `PII`. */
export function hasTag(tags: readonly string[], wanted: string): boolean {
  return tags.some((tag) => tag === wanted || tag.startsWith(`${wanted}.`))
}

function isNameFound({ pattern, ignoresCase }: { pattern: string; ignoresCase: boolean }, name: string) {
  return isFound(readPattern(pattern), name, { ignoresCase })
}

/** Whether the choice takes the column. @throws PatternError */
export function isChosen(choice: ColumnChoice, column: GovernedColumn): boolean {
  switch (choice.kind) {
    case "name":
      return column.name === choice.name
    case "tag":
      return hasTag(column.tags, choice.tag)
    case "anyTag":
      return column.tags.length > 0
    case "noTags":
      return column.tags.length === 0
    case "regex":
      return isNameFound(choice, column.name)
  }
}
