import { Problem } from "../../domain/problems.ts"
import type { TableSchema } from "../../domain/table.ts"
import { unreachable } from "../../domain/unreachable.ts"
import { isHeldAs } from "../../replication/batch/held.ts"
import type { NoteStep } from "../../replication/batch/step.ts"
import { type DatabaseState, placeOf, textKey } from "./state.ts"

/** What the database knows of itself after a step. Throws Problem where the position is not the one expected. */
export function noted(state: DatabaseState, step: NoteStep): DatabaseState {
  const { pipeline } = step
  switch (step.kind) {
    case "expectPosition":
      if (state.positions.get(pipeline) === step.position) return state
      throw new Problem(
        "warehouseUnavailable",
        "The database is not in the state that it was left in: another owner of the pipeline has written.",
      )
    case "setPosition":
      return { ...state, positions: new Map([...state.positions, [pipeline, step.position]]) }
    case "startPosition":
      return {
        ...state,
        positions: new Map([[pipeline, step.position]]),
        texts: new Map([...state.texts].filter(([, note]) => note.pipeline === pipeline)),
      }
    case "track":
      return { ...state, held: tracked(state, pipeline, step.table) }
    case "untrack":
      return { ...state, held: state.held.filter((one) => !isHeldAs(one, pipeline, step.table.id)) }
    case "markStale":
      return { ...state, held: markedStale(state, pipeline, step.table) }
    case "noteVersions":
      return withVersionNote(state, pipeline, step.table, { dropped: false })
    case "noteDropped":
      return withVersionNote(state, pipeline, step.table, { dropped: true })
    case "forgetVersions":
      return { ...state, versions: otherVersions(state, pipeline, step.table) }
    case "forgetTextColumns": {
      const gone = textKey(pipeline, step.tableId)
      return { ...state, texts: new Map([...state.texts].filter(([key]) => key !== gone)) }
    }
    default:
      return unreachable(step)
  }
}

function tracked({ held }: DatabaseState, pipeline: string, schema: TableSchema): DatabaseState["held"] {
  const others = held.filter(
    (one) => !isHeldAs(one, pipeline, schema.id) && placeOf(one.schema) !== placeOf(schema),
  )
  return [...others, { pipeline, schema, stale: false }]
}

/** Only this definition: a copy with another one may have come in the same batch. */
function markedStale({ held }: DatabaseState, pipeline: string, schema: TableSchema): DatabaseState["held"] {
  const definition = JSON.stringify(schema)
  return held.map((one) =>
    isHeldAs(one, pipeline, schema.id) && JSON.stringify(one.schema) === definition
      ? { ...one, stale: true }
      : one,
  )
}

function otherVersions({ versions }: DatabaseState, pipeline: string, { id }: TableSchema) {
  return versions.filter((one) => !isHeldAs(one, pipeline, id))
}

function withVersionNote(
  state: DatabaseState,
  pipeline: string,
  schema: TableSchema,
  { dropped }: { dropped: boolean },
): DatabaseState {
  return { ...state, versions: [...otherVersions(state, pipeline, schema), { pipeline, dropped, schema }] }
}
