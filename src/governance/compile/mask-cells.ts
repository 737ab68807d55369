import {
  matchesNothing,
  type Pattern,
  PatternError,
  readPattern,
  readReplacement,
} from "../grammar/pattern.ts"
import type { Mask } from "../model/policy.ts"
import type { GovernedColumn } from "../model/source.ts"
import type { Cell } from "../plan/cells.ts"
import { decimalDigits } from "../plan/decimal-digits.ts"
import { isPlainType } from "../plan/plain-types.ts"
import { type Draft, needSecret, Refusal, warn } from "./draft.ts"
import { fitsInteger, literalFor } from "./literals.ts"

/**
 * What the mask puts into the column's cells. One that cannot keep the column's type becomes null, with a warning.
 *
 * @throws Refusal the mask cannot be kept anywhere
 */
export function maskCell(draft: Draft, mask: Mask, column: GovernedColumn): Cell {
  const cell = cellOf(draft, mask, column)
  if (cell !== undefined) return cell
  warn(
    draft,
    `a ${mask.kind} mask cannot keep the type ${column.type}: the column is null instead`,
    column.name,
  )
  return { kind: "null" }
}

function cellOf(draft: Draft, mask: Mask, column: GovernedColumn): Cell | undefined {
  switch (mask.kind) {
    case "null":
      return { kind: "null" }
    case "constant":
      return constantCell(column, mask.value)
    case "hash":
      return hashCell(draft, mask.joinableInProject, column)
    case "regex":
      return column.kind === "text" ? { kind: "regex", column, ...patternOf(mask) } : undefined
    case "partial":
      return column.kind === "text" ? { ...mask, column } : undefined
    case "dateTrunc":
      return isMoment(column) && isPlainType(column.type)
        ? { kind: "dateTrunc", column, unit: mask.unit }
        : undefined
    case "round":
      return roundCell(column, mask.bucket)
    case "reversible":
      throw new Refusal("reversible masks are not supported")
  }
}

function isMoment({ kind }: GovernedColumn): boolean {
  return kind === "date" || kind === "timestamp" || kind === "timestamptz"
}

function constantCell(column: GovernedColumn, value: string): Cell | undefined {
  const form = column.kind === "boolean" ? "boolean" : "text"
  const literal = literalFor(column, { kind: form, text: value })
  if (literal === undefined) return undefined
  const isPlain = column.kind === "text" || isPlainType(column.type)
  const fits = column.kind !== "integer" || fitsInteger(literal.text, column.type)
  return isPlain && fits ? { kind: "constant", literal } : undefined
}

function hashCell(draft: Draft, project: string | undefined, column: GovernedColumn): Cell | undefined {
  if (column.kind !== "text") return undefined
  const secretId = needSecret(draft, project === undefined ? draft.source.saltId : projectSecretId(project))
  return { kind: "hash", column, secretId }
}

/** The secret with which all sources of a project hash, so that their hashes can be joined. */
export function projectSecretId(project: string): string {
  return `project:${project}`
}

/** @throws Refusal */
function patternOf({ pattern, replacement }: { pattern: string; replacement: string }) {
  try {
    const read: Pattern = readPattern(pattern)
    if (matchesNothing(read.node))
      throw new PatternError("the pattern matches the empty text, and so everywhere")
    return { pattern: read, replacement: readReplacement(replacement, read) }
  } catch (error) {
    if (error instanceof PatternError) throw new Refusal(`regex mask: ${error.message}`)
    throw error
  }
}

const plainNumber = /^\d{1,16}(\.\d{1,9})?$/

function roundCell(column: GovernedColumn, bucket: number): Cell | undefined {
  // Small numbers have exponents otherwise.
  const text = bucket < 0.001 ? bucket.toFixed(9).replace(/0+$/, "") : String(bucket)
  if (!(bucket > 0) || !plainNumber.test(text))
    throw new Refusal(`round mask: the bucket ${text} is out of range`)
  const fractionDigits = text.split(".")[1]?.length ?? 0
  const isKept =
    column.kind === "float" ||
    (column.kind === "integer" && fractionDigits === 0) ||
    (column.kind === "decimal" && fractionDigits <= (decimalDigits(column.type)?.fraction ?? 9))
  return isKept && isPlainType(column.type) ? { kind: "round", column, bucket: text } : undefined
}
