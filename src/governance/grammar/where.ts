/**
 * The checked grammar of conditions: comparisons of a column with a constant or a column, IN, BETWEEN, LIKE, IS NULL, AND, OR,
 * NOT, TRUE, FALSE, and the helpers that begin with `@`. Everything else is refused: functions, casts, sub-queries, arithmetic,
 * comments.
 */
import { readLike } from "./like.ts"
import { readHelper } from "./where-calls.ts"
import type { WhereColumn, WhereLiteral, WhereNode, WhereOperator } from "./where-node.ts"
import {
  isColumnCall,
  needSign,
  readColumn,
  readLiteral,
  takeSign,
  takeWord,
  unexpected,
  type WhereReader,
} from "./where-reader.ts"
import { WhereError, whereTokens } from "./where-tokens.ts"

export const mostWhereLevels = 20
export const mostListMembers = 500

/** @throws WhereError the text is not in the grammar */
export function readWhere(text: string): WhereNode {
  const reader: WhereReader = { tokens: whereTokens(text), next: 0 }
  const node = readOr(reader, 1)
  const rest = reader.tokens[reader.next]
  if (rest !== undefined) throw unexpected(reader, "AND, OR or the end")
  return node
}

function readOr(reader: WhereReader, level: number): WhereNode {
  if (level > mostWhereLevels) throw new WhereError(`conditions lie at most ${mostWhereLevels} deep`)
  const of = [readAnd(reader, level)]
  while (takeWord(reader, "OR")) of.push(readAnd(reader, level))
  return of.length === 1 ? (of[0] as WhereNode) : { kind: "or", of }
}

function readAnd(reader: WhereReader, level: number): WhereNode {
  const of = [readNot(reader, level)]
  while (takeWord(reader, "AND")) of.push(readNot(reader, level))
  return of.length === 1 ? (of[0] as WhereNode) : { kind: "and", of }
}

function readNot(reader: WhereReader, level: number): WhereNode {
  if (level > mostWhereLevels) throw new WhereError(`conditions lie at most ${mostWhereLevels} deep`)
  if (takeWord(reader, "NOT")) return { kind: "not", of: readNot(reader, level + 1) }
  if (!takeSign(reader, "(")) return readTest(reader)
  const inner = readOr(reader, level + 1)
  needSign(reader, ")")
  return inner
}

function readTest(reader: WhereReader): WhereNode {
  const token = reader.tokens[reader.next]
  if (token?.kind === "function" && !isColumnCall(token)) return readHelper(reader)
  const first = readOperand(reader)
  if ("tag" in first || "name" in first) return readColumnTest(reader, first)
  const operator = readOperator(reader)
  if (operator === undefined) {
    if (first.kind === "boolean") return { kind: "constant", value: first.text === "true" }
    throw unexpected(reader, "a comparison")
  }
  const second = readOperand(reader)
  if (!("tag" in second || "name" in second)) throw unexpected(reader, "a comparison with a column")
  return { kind: "compare", column: second, operator: turned[operator], with: first }
}

const turned: Record<WhereOperator, WhereOperator> = {
  "=": "=",
  "<>": "<>",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
}

function readColumnTest(reader: WhereReader, column: WhereColumn): WhereNode {
  const operator = readOperator(reader)
  if (operator !== undefined) return { kind: "compare", column, operator, with: readOperand(reader) }
  if (takeWord(reader, "IS")) {
    const isNot = takeWord(reader, "NOT")
    if (!takeWord(reader, "NULL")) throw unexpected(reader, "NULL")
    return negatedIf(isNot)({ kind: "isNull", column })
  }
  const whole = negatedIf(takeWord(reader, "NOT"))
  if (takeWord(reader, "IN")) return whole({ kind: "in", column, literals: readList(reader) })
  if (takeWord(reader, "LIKE")) return whole({ kind: "like", column, pattern: readPatternOf(reader) })
  if (takeWord(reader, "BETWEEN")) return whole(readBetween(reader, column))
  throw unexpected(reader, "a comparison, IN, LIKE, BETWEEN or IS NULL")
}

function negatedIf(isNot: boolean): (of: WhereNode) => WhereNode {
  return (of) => (isNot ? { kind: "not", of } : of)
}

function readBetween(reader: WhereReader, column: WhereColumn): WhereNode {
  const least = readLiteral(reader)
  if (!takeWord(reader, "AND")) throw unexpected(reader, "AND")
  const most = readLiteral(reader)
  return {
    kind: "and",
    of: [
      { kind: "compare", column, operator: ">=", with: least },
      { kind: "compare", column, operator: "<=", with: most },
    ],
  }
}

function readList(reader: WhereReader): WhereLiteral[] {
  needSign(reader, "(")
  const literals = [readLiteral(reader)]
  while (takeSign(reader, ",")) literals.push(readLiteral(reader))
  needSign(reader, ")")
  if (literals.length > mostListMembers) throw new WhereError(`a list has at most ${mostListMembers} members`)
  return literals
}

function readPatternOf(reader: WhereReader) {
  const { kind, text } = readLiteral(reader)
  const pattern = kind === "text" ? readLike(text) : undefined
  if (pattern === undefined)
    throw new WhereError("LIKE takes a text in which a backslash stands before `%`, `_` or a backslash only")
  return pattern
}

function readOperator(reader: WhereReader): WhereOperator | undefined {
  const token = reader.tokens[reader.next]
  if (token?.kind !== "sign") return undefined
  const text = token.text === "!=" ? "<>" : token.text
  if (!Object.hasOwn(turned, text)) return undefined
  reader.next++
  return text as WhereOperator
}

function readOperand(reader: WhereReader): WhereColumn | WhereLiteral {
  return readColumn(reader) ?? readLiteral(reader)
}
