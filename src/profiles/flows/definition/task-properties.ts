import { unreachable } from "../../../domain/unreachable.ts"
import type { FlowTask } from "./flow-definition.ts"

const lengthAtMost = 10_000

/** What is wrong with a task's fields or properties; `undefined`: nothing. */
export function taskMistake(task: FlowTask): string | undefined {
  const { type, operator, sourceFields } = task
  if (sourceFields.length === 0 && operator !== "PROJECTION") return `a ${type} task needs a source field`
  switch (type) {
    case "Filter":
      return filterMistake(task)
    case "Map":
      if (task.destinationField === undefined) return "a Map task needs a DestinationField"
      return sourceFields.length > 1 ? "a Map task has one source field" : undefined
    case "Merge":
      return task.properties.CONCAT_FORMAT === undefined ? "a Merge task needs CONCAT_FORMAT" : undefined
    case "Arithmetic":
      return arithmeticMistake(task)
    case "Mask":
      return maskMistake(task)
    case "Truncate":
      return lengthMistake("TRUNCATE_LENGTH", task.properties.TRUNCATE_LENGTH)
    case "Validate": {
      const action = task.properties.VALIDATION_ACTION ?? "DropRecord"
      const isKnown = action === "DropRecord" || action === "DropDataset"
      return isKnown ? undefined : "VALIDATION_ACTION must be DropRecord or DropDataset"
    }
    default:
      return unreachable(type)
  }
}

function filterMistake({ operator, sourceFields, properties }: FlowTask): string | undefined {
  if (operator === "PROJECTION") return undefined
  if (sourceFields.length > 1) return "a Filter task that compares has one source field"
  if (operator === "BETWEEN")
    return properties.LOWER_BOUND === undefined || properties.UPPER_BOUND === undefined
      ? "BETWEEN needs LOWER_BOUND and UPPER_BOUND"
      : undefined
  if (properties.VALUE === undefined && properties.VALUES === undefined)
    return `${operator} needs VALUE or VALUES`
  return undefined
}

function arithmeticMistake({ sourceFields, properties }: FlowTask): string | undefined {
  if (sourceFields.length < 2) return "an Arithmetic task needs two source fields"
  const order = properties.MATH_OPERATION_FIELDS_ORDER?.split(",").map((field) => field.trim())
  const stranger = order?.find((field) => !sourceFields.includes(field))
  return stranger === undefined
    ? undefined
    : `MATH_OPERATION_FIELDS_ORDER names ${stranger}, which is no source field`
}

function maskMistake({ operator, properties: { MASK_VALUE, MASK_LENGTH } }: FlowTask): string | undefined {
  if (MASK_VALUE !== undefined && [...MASK_VALUE].length !== 1) return "MASK_VALUE must be one character"
  // To mask all, a length may be left out.
  if (operator === "MASK_ALL" && MASK_LENGTH === undefined) return undefined
  return lengthMistake("MASK_LENGTH", MASK_LENGTH)
}

function lengthMistake(name: string, given: string | undefined): string | undefined {
  const isLength = given !== undefined && /^\d{1,5}$/.test(given) && Number(given) <= lengthAtMost
  return isLength ? undefined : `${name} must be a number from 0 to ${lengthAtMost}`
}
