import type { TableName } from "../../../domain/table.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { type AlterStep, isNote, type Step, type TableStep } from "../../../replication/batch/step.ts"
import { blamedOf, type StepActions } from "../../sql/blamed-table.ts"
import type { Bookkeeping } from "../../sql/bookkeeping.ts"
import { renderNote } from "../../sql/plan-notes.ts"
import type { Action } from "../merge/merge.ts"
import { type Names, place } from "../naming.ts"
import { alterStatements } from "./alter-sql.ts"
import { type Applying, applyActions } from "./apply-sql.ts"
import { adoptCopy, arriveStatements, rename } from "./places.ts"
import { dropWithViews } from "./routines.ts"
import { beginVersions, closeAll, endVersions, retire, succeedStatements } from "./versioned-tables.ts"

export interface Rendering extends Applying {
  names: Names
  books: Bookkeeping
}

/** A plan as what this engine does, in order, in one transaction. */
export function renderSteps(rendering: Rendering, steps: readonly Step[]): StepActions<Action>[] {
  return withoutReplaced(steps).map((step) =>
    isNote(step)
      ? { blamed: undefined, live: "", actions: renderNote(rendering.books, step) }
      : {
          blamed: blamedOf(step),
          live: rendering.names.live(livePlace(step)),
          actions: renderTable(rendering, step),
        },
  )
}

/** The name of the table that a step changes, at that moment. */
function livePlace(step: TableStep): TableName {
  switch (step.kind) {
    case "arrive":
    case "succeed":
      return step.from
    case "alter":
    case "change":
      return step.place
    default:
      return step.table
  }
}

/** A table that a copy replaces is not dropped before: what people have put on it goes on with the copy. */
function withoutReplaced(steps: readonly Step[]): Step[] {
  return steps.filter((step, index) => {
    if (step.kind !== "drop") return true
    const next = steps.slice(index + 1).find(({ kind }) => kind !== "drop")
    return next?.kind !== "adoptCopy" || place(next.table) !== place(step.table)
  })
}

function renderTable(rendering: Rendering, step: TableStep): Action[] {
  const { names } = rendering
  switch (step.kind) {
    case "drop":
      return [dropWithViews(names, names.live(step.table))]
    case "leave":
      return [rename(names.live(step.table), names.passing(step.table))]
    case "arrive":
      return arriveStatements(names, step.from, step.to)
    case "adoptCopy":
      return [adoptCopy(names, step.table, step.table)]
    case "succeed":
      return succeedStatements(names, step)
    case "beginVersions":
      return beginVersions(names.live(step.table), step.table, step.at)
    case "endVersions":
      return endVersions(names, step.table, step.at)
    case "retire":
      return retire(names, step.table, step.at)
    case "closeVersions":
      return [closeAll(names, step.table, step.at)]
    case "alter":
      return renderAlteration(rendering, step)
    case "change":
      return applyActions(rendering, names.live(step.place), step.changes)
    default:
      return unreachable(step)
  }
}

function renderAlteration({ names, stages }: Rendering, step: AlterStep): string[] {
  const { place: at, alteration, keepsVersions } = step
  return alterStatements({ names, stages, table: names.live(at), alteration, keepsVersions })
}
