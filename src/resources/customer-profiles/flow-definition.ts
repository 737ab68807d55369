import { isModel } from "../json-text.ts"
import type { Json, Model } from "../resource-type.ts"
import { modelsOf } from "./model-values.ts"

/** A FlowDefinition as the type's schema has it, from that form or from the API's: there the properties of a task are a map. */
export function definitionFrom(kept: Model): Model {
  return { ...kept, Tasks: modelsOf(kept.Tasks).map(taskFrom) }
}

function taskFrom(task: Model): Json {
  const { TaskProperties: properties } = task
  if (!isModel(properties)) return task
  const pairs = Object.entries(properties).map(([OperatorPropertyKey, Property]) => ({
    OperatorPropertyKey,
    Property,
  }))
  return { ...task, TaskProperties: pairs }
}
