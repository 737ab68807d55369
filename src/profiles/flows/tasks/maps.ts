import type { FlowTask } from "../definition/flow-definition.ts"
import { parseDecimal, valueOfDecimal } from "./decimal.ts"
import { textOf } from "./record.ts"

/** A Map task: a field of the source becomes one of the record. */
export interface FieldMap {
  source: string
  target: string
  convert(value: unknown): unknown
}

const numberTypes = /^(integer|int|long|short|byte|float|double|decimal|bigdecimal|number|numeric)$/i

export function mapsOf(tasks: readonly FlowTask[]): FieldMap[] {
  return tasks
    .filter(({ type }) => type === "Map")
    .map(({ sourceFields: [source = ""], destinationField, properties }) => ({
      source,
      target: destinationField ?? source,
      convert: conversionTo(properties.DESTINATION_DATA_TYPE ?? ""),
    }))
}

/** What cannot be converted goes on as it is: the object type says what it wants of it. */
function conversionTo(type: string): (value: unknown) => unknown {
  if (/^(string|text)$/i.test(type)) return textOf
  if (numberTypes.test(type))
    return (value) => {
      const number = parseDecimal(value)
      return number === undefined ? value : valueOfDecimal(number)
    }
  if (/^bool(ean)?$/i.test(type))
    return (value) => (isTruthText(value) ? textOf(value).toLowerCase() === "true" : value)
  return (value) => value
}

function isTruthText(value: unknown): boolean {
  return typeof value === "string" && /^(true|false)$/i.test(value)
}
