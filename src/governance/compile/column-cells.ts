import type { GovernedColumn } from "../model/source.ts"
import type { Cell } from "../plan/cells.ts"
import { all, any, choiceOf, never } from "../plan/forms.ts"
import type { PlannedColumn } from "../plan/plan.ts"
import type { Predicate } from "../plan/predicates.ts"

/** A mask of one rule on one column, and for which people and rows it holds. `applies` is never unknown. */
export interface ColumnMask {
  policyKey: string
  cell: Exclude<Cell, { kind: "choice" } | { kind: "clear" }>
  applies: Predicate
}

/** From the strictest on, as docs/governance/policies.md promises. */
export const strictness: readonly ColumnMask["cell"]["kind"][] = [
  "null",
  "constant",
  "hash",
  "regex",
  "partial",
  "dateTrunc",
  "round",
]

/** Masks of one column that are alike, but for whom and where they hold. */
interface Setting {
  cell: ColumnMask["cell"]
  applies: Predicate
}

/**
 * The strictest mask that holds for the cell; the value itself where none does. Two masks of one kind with different settings
 * that both hold give null.
 *
 * @returns with `conflicts`: policies whose masks can meet so
 */
export function columnCell(
  column: GovernedColumn,
  masks: readonly ColumnMask[],
): { planned: PlannedColumn; conflicts: string[] } {
  const conflicts: string[] = []
  const cases = strictness.flatMap((kind) => {
    const settings = settingsOf(masks.filter(({ cell }) => cell.kind === kind))
    if (settings.length > 1) {
      conflicts.push(...masks.filter(({ cell }) => cell.kind === kind).map(({ policyKey }) => policyKey))
    }
    return [...meetings(settings), ...settings.map(({ cell, applies }) => ({ when: applies, then: cell }))]
  })
  const cell = choiceOf(cases, { kind: "clear", column })
  return { planned: { name: column.name, cell, type: typeOf(column, cell) }, conflicts }
}

function settingsOf(masks: readonly ColumnMask[]): Setting[] {
  const settings = new Map<string, Setting>()
  for (const { cell, applies } of masks) {
    const key = JSON.stringify(cell)
    settings.set(key, { cell, applies: any([settings.get(key)?.applies ?? never, applies]) })
  }
  return [...settings.values()]
}

/** Where two different settings hold at once. */
function meetings(settings: readonly Setting[]): { when: Predicate; then: Cell }[] {
  return settings.slice(0, -1).map(({ applies }, at) => ({
    when: all([applies, any(settings.slice(at + 1).map((other) => other.applies))]),
    then: { kind: "null" },
  }))
}

const lengthening: ReadonlySet<Cell["kind"]> = new Set(["constant", "hash", "regex", "partial"])

function typeOf(column: GovernedColumn, cell: Cell): PlannedColumn["type"] {
  const cells = cell.kind === "choice" ? [...cell.cases.map(({ then }) => then), cell.otherwise] : [cell]
  const isLonger = column.kind === "text" && cells.some(({ kind }) => lengthening.has(kind))
  return isLonger ? { kind: "text" } : { kind: "table", name: column.type }
}
