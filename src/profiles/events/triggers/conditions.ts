import { compares, mistakeInValues } from "./comparisons.ts"
import type { EventTrigger, ObjectAttribute, TriggerCondition, TriggerDimension } from "./trigger.ts"

/** An object as a trigger sees it. */
export interface TriggeringObject {
  /** As it came. */
  source: unknown
  /** What the object type's fields made of it. */
  fields: { readonly [name: string]: unknown }
}

/** Whether one of the trigger's conditions is met. */
export function isMet(
  trigger: Pick<EventTrigger, "EventTriggerConditions">,
  object: TriggeringObject,
): boolean {
  return trigger.EventTriggerConditions.some((condition) => meetsCondition(condition, object))
}

function meetsCondition(
  { LogicalOperator, EventTriggerDimensions: dimensions }: TriggerCondition,
  object: TriggeringObject,
): boolean {
  const meets = (dimension: TriggerDimension) => meetsDimension(dimension, object)
  switch (LogicalOperator) {
    case "ANY":
      return dimensions.some(meets)
    case "ALL":
      return dimensions.every(meets)
    case "NONE":
      return !dimensions.some(meets)
  }
}

function meetsDimension({ ObjectAttributes }: TriggerDimension, object: TriggeringObject): boolean {
  return ObjectAttributes.every((attribute) =>
    compares(attributeOf(attribute, object), attribute.ComparisonOperator, attribute.Values),
  )
}

function attributeOf({ Source, FieldName }: ObjectAttribute, { source, fields }: TriggeringObject): unknown {
  if (FieldName !== undefined) return Object.hasOwn(fields, FieldName) ? fields[FieldName] : undefined
  return pathIn(source, (Source ?? "").replace(/^_source\./, "").split("."))
}

/** Elements of lists are named by their number, or all of them by none. */
function pathIn(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined || value === undefined || value === null) return value
  if (Array.isArray(value) && !/^\d+$/.test(name))
    return value.flatMap((element) => pathIn(element, [name, ...rest]))
  if (typeof value !== "object" || !Object.hasOwn(value, name)) return undefined
  return pathIn((value as { [name: string]: unknown })[name], rest)
}

/** What is wrong with a trigger beyond what its shape says, one sentence each. */
export function mistakesInTrigger(
  trigger: Pick<EventTrigger, "EventTriggerConditions" | "EventTriggerLimits">,
): string[] {
  const attributes = trigger.EventTriggerConditions.flatMap(({ EventTriggerDimensions }) =>
    EventTriggerDimensions.flatMap(({ ObjectAttributes }) => ObjectAttributes),
  )
  const expiration = trigger.EventTriggerLimits?.EventExpiration
  return [
    ...attributes.flatMap(mistakesInAttribute),
    ...(expiration === undefined || expiration > 0
      ? []
      : ["EventExpiration is a number of milliseconds above 0."]),
  ]
}

function mistakesInAttribute({ Source, FieldName, ComparisonOperator, Values }: ObjectAttribute): string[] {
  const name = FieldName ?? Source
  if (name === undefined) return ["An ObjectAttribute needs a Source or a FieldName."]
  if (FieldName !== undefined && Source !== undefined)
    return [`An ObjectAttribute has a Source or a FieldName, not both: ${Source}, ${FieldName}.`]
  const mistake = mistakeInValues(ComparisonOperator, Values)
  return mistake === undefined ? [] : [`${ComparisonOperator} of ${name} ${mistake}.`]
}
