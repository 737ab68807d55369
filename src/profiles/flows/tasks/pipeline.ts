import { unreachable } from "../../../domain/unreachable.ts"
import type { ValidationOperator } from "../definition/connectors.ts"
import type { FlowTask } from "../definition/flow-definition.ts"
import { arithmeticOf, type Change, maskOf, mergeOf, truncateOf } from "./changes.ts"
import { predicateOf } from "./filters.ts"
import { mapsOf } from "./maps.ts"
import { type FlowRecord, fieldOf, putField } from "./record.ts"
import { isValid } from "./validations.ts"

/** What becomes of one record. */
export type TaskOutcome =
  | { kind: "kept"; record: FlowRecord }
  /** No filter lets it through: nothing is wrong with it. */
  | { kind: "filtered" }
  /** A validation drops it. */
  | { kind: "dropped"; reason: string }
  /** A validation ends the run. */
  | { kind: "stop"; reason: string }

/** The tasks of a flow as one function. It may change the record that it is given. */
export type TaskPipeline = (record: FlowRecord) => TaskOutcome

type Step = (record: FlowRecord) => TaskOutcome | undefined

/**
 * Tasks in the order of their list, but maps last: a mask counts wherever in the list it stands, so that no map carries what is to be
 * hidden. Filters are joined by AND. Without a map the record goes on with the columns of the projections, or with all.
 */
export function taskPipeline(tasks: readonly FlowTask[]): TaskPipeline {
  const steps = tasks.flatMap((task) => stepOf(task) ?? [])
  const finish = finishOf(tasks)
  return (record) => {
    for (const step of steps) {
      const outcome = step(record)
      if (outcome !== undefined) return outcome
    }
    return { kind: "kept", record: finish(record) }
  }
}

/** `undefined`: it has no step of its own. */
function stepOf(task: FlowTask): Step | undefined {
  switch (task.type) {
    case "Filter": {
      if (task.operator === "PROJECTION") return undefined
      const passes = predicateOf(task)
      return (record) => (passes(record) ? undefined : { kind: "filtered" })
    }
    case "Validate":
      return validation(task, task.operator)
    case "Merge":
      return changing(mergeOf(task))
    case "Arithmetic":
      return changing(arithmeticOf(task))
    case "Mask":
      return changing(maskOf(task))
    case "Truncate":
      return changing(truncateOf(task))
    case "Map":
      return undefined
    default:
      return unreachable(task)
  }
}

function changing(change: Change): Step {
  return (record) => {
    change(record)
    return undefined
  }
}

function validation({ sourceFields, properties }: FlowTask, operator: ValidationOperator): Step {
  const kind = properties.VALIDATION_ACTION === "DropDataset" ? "stop" : "dropped"
  return (record) => {
    const bad = sourceFields.find((field) => !isValid(operator, fieldOf(record, field)))
    // The value itself may be what is not to be seen.
    return bad === undefined ? undefined : { kind, reason: `${operator} failed for the field ${bad}` }
  }
}

/** What a record is when it has passed all steps. */
function finishOf(tasks: readonly FlowTask[]): (record: FlowRecord) => FlowRecord {
  const maps = mapsOf(tasks)
  if (maps.length > 0)
    return (record) => {
      const mapped: FlowRecord = {}
      for (const { source, target, convert } of maps) {
        const value = fieldOf(record, source)
        if (value !== undefined) putField(mapped, target, convert(value))
      }
      return mapped
    }
  const columns = projected(tasks)
  if (columns === undefined) return (record) => record
  return (record) => {
    const kept: FlowRecord = {}
    for (const name of columns) {
      const value = fieldOf(record, name)
      if (value !== undefined) putField(kept, name, value)
    }
    return kept
  }
}

/** The columns of all projections, and what other tasks made; `undefined`: all columns. */
function projected(tasks: readonly FlowTask[]): string[] | undefined {
  const named = tasks.filter(
    ({ operator, sourceFields }) => operator === "PROJECTION" && sourceFields.length > 0,
  )
  if (named.length === 0) return undefined
  const made = tasks.flatMap((task) => {
    if (task.type === "Merge" || task.type === "Arithmetic")
      return [task.destinationField ?? task.sourceFields.join(",")]
    return task.type === "Filter" ? [] : (task.destinationField ?? [])
  })
  return [...new Set([...named.flatMap(({ sourceFields }) => sourceFields), ...made])]
}
