/** Tasks that put a value: Merge, Arithmetic, Mask, Truncate. */
import type { ArithmeticOperator, MaskOperator } from "../definition/connectors.ts"
import type { FlowTask } from "../definition/flow-definition.ts"
import { calculated, parseDecimal, valueOfDecimal } from "./decimal.ts"
import { type FlowRecord, fieldOf, putField, textOf } from "./record.ts"

/** Changes a record in place. */
export type Change = (record: FlowRecord) => void

/** The field that a later Map reads. */
export function temporaryField({ destinationField, sourceFields }: FlowTask): string {
  return destinationField ?? sourceFields.join(",")
}

/** `${a} ${b}` with the fields' values; one that is absent is empty. */
export function mergeOf(task: FlowTask): Change {
  const target = temporaryField(task)
  const pieces = (task.properties.CONCAT_FORMAT ?? "").split(/\$\{([^}]*)\}/)
  return (record) => {
    // Every second piece is a field's name.
    const texts = pieces.map((piece, index) =>
      index % 2 === 0 ? piece : textOf(fieldOf(record, piece) ?? ""),
    )
    putField(record, target, texts.join(""))
  }
}

/** Null where a field is no number, and for a division by zero. */
export function arithmeticOf(task: FlowTask): Change {
  const target = temporaryField(task)
  const operator = task.operator as ArithmeticOperator
  const order = task.properties.MATH_OPERATION_FIELDS_ORDER?.split(",").map((field) => field.trim())
  const [first = "", ...rest] = order ?? task.sourceFields
  return (record) => {
    let result = parseDecimal(fieldOf(record, first))
    for (const field of rest) {
      const operand = parseDecimal(fieldOf(record, field))
      result = result && operand && calculated(operator, result, operand)
    }
    putField(record, target, result === undefined ? null : valueOfDecimal(result))
  }
}

/** The console's own. It says nothing of the value's length. */
const usualMaskLength = 5

export function maskOf(task: FlowTask): Change {
  const { MASK_VALUE: mask = "*", MASK_LENGTH } = task.properties
  const length = MASK_LENGTH === undefined ? usualMaskLength : Number(MASK_LENGTH)
  const operator = task.operator as MaskOperator
  return changeText(task, (text) => masked(operator, text, { mask, length }))
}

function masked(
  operator: MaskOperator,
  text: string,
  { mask, length }: { mask: string; length: number },
): string {
  if (operator === "MASK_ALL") return mask.repeat(length)
  const characters = [...text]
  const hidden = Math.min(length, characters.length)
  const cover = mask.repeat(hidden)
  return operator === "MASK_FIRST_N"
    ? cover + characters.slice(hidden).join("")
    : characters.slice(0, characters.length - hidden).join("") + cover
}

export function truncateOf(task: FlowTask): Change {
  const length = Number(task.properties.TRUNCATE_LENGTH)
  return changeText(task, (text) => [...text].slice(0, length).join(""))
}

/** The new value stands in the field's own place too: no Map before or after carries the old one. */
function changeText(task: FlowTask, change: (text: string) => string): Change {
  const { sourceFields, destinationField } = task
  return (record) => {
    for (const field of sourceFields) {
      const value = fieldOf(record, field)
      if (value === undefined) continue
      const changed = change(textOf(value))
      replaceField(record, field, changed)
      if (destinationField !== undefined) putField(record, destinationField, changed)
    }
  }
}

/** Also inside a nested object: its whole would still have the value. */
function replaceField(record: FlowRecord, name: string, value: unknown): void {
  if (Object.hasOwn(record, name) || !name.includes(".")) return putField(record, name, value)
  const parts = name.split(".")
  const last = parts.pop() ?? ""
  const holder = fieldOf(record, parts.join("."))
  if (typeof holder === "object" && holder !== null) putField(holder as FlowRecord, last, value)
}
