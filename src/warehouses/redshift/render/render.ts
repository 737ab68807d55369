import { unreachable } from "../../../domain/unreachable.ts"
import { type AlterStep, isNote, type Step, type TableStep } from "../../../replication/batch/step.ts"
import type { Bookkeeping } from "../../sql/bookkeeping.ts"
import { renderNote } from "../../sql/plan-notes.ts"
import type { Names } from "../naming.ts"
import type { StageTables } from "../staging/stage-tables.ts"
import { alterStatements } from "./alter-sql.ts"
import { applyStatements, targetOf } from "./apply-sql.ts"
import { adoptCopy, arriveStatements, rename } from "./places.ts"
import type { LayoutOf } from "./tables.ts"
import { beginVersions, closeAll, endVersions, retire, succeedStatements } from "./versioned-tables.ts"

export interface Rendering {
  names: Names
  books: Bookkeeping
  stages: StageTables
  layoutOf: LayoutOf
}

/** A plan as this engine's statements, in order, for one transaction. */
export function renderSteps(rendering: Rendering, steps: readonly Step[]): string[] {
  return steps.flatMap((step) =>
    isNote(step) ? renderNote(rendering.books, step) : renderTable(rendering, step),
  )
}

function renderTable(rendering: Rendering, step: TableStep): string[] {
  const { names, stages, layoutOf } = rendering
  switch (step.kind) {
    case "drop":
      return [`DROP TABLE IF EXISTS ${names.live(step.table)}`]
    case "leave":
      return [rename(names.live(step.table), names.passing(step.table))]
    case "arrive":
      return arriveStatements(names, step.from, step.to)
    case "adoptCopy":
      return [adoptCopy(names, step.table)]
    case "succeed":
      return succeedStatements(names, step)
    case "beginVersions":
      return beginVersions(names, step.table, step.at)
    case "endVersions":
      return endVersions(names, step.table, step.at, layoutOf)
    case "retire":
      return [retire(names, step.table, step.at)]
    case "closeVersions":
      return [closeAll(names, step.table, step.at)]
    case "alter":
      return renderAlteration(rendering, step)
    case "change":
      return applyStatements(stages, targetOf(names.live(step.place), step.place), step.changes)
    default:
      return unreachable(step)
  }
}

function renderAlteration({ names, stages, layoutOf }: Rendering, step: AlterStep): string[] {
  const { place: at, alteration, keepsVersions, isTouched } = step
  return alterStatements({ names, stages, layoutOf, at, alteration, keepsVersions, isTouched })
}
