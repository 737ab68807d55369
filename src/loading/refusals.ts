import { type CopyOptions, loadErrorCodes, type TimeForm } from "../domain/copy.ts"
import { unreachable } from "../domain/unreachable.ts"

/** What a load does with a column's fields, whatever the engine calls its type. */
export type ColumnKind =
  | "text"
  | "integer"
  | "decimal"
  | "float"
  | "boolean"
  | "date"
  | "timestamp"
  | "timestamptz"
  | "json"
  | "bytes"
  | "other"

/** Of a column, what its refusals tell. */
export interface RefusingColumn {
  kind: ColumnKind
  /** As the cloud's views of load errors call it: `int4`, `varchar`. */
  typeName: string
  /** Characters that a text may have; `undefined`: any number. */
  length?: number | undefined
}

/** Why a column does not take a field. */
export interface Refusal {
  code: number
  reason: string
  /** In the field, in characters from 0. */
  position: number
}

/** Why the column does not take the field, in the cloud's words. `raw`: `undefined` for a null. */
export function refusalOf(column: RefusingColumn, raw: string | undefined, options: CopyOptions): Refusal {
  const at = (code: number, reason: string, position = 0) => ({ code, reason, position })
  if (raw === undefined) return at(loadErrorCodes.notNull, "Missing data for not-null field")
  const { kind, typeName, length } = column
  switch (kind) {
    case "integer":
      return invalidDigit(raw, /^[+-]?[0-9]*/, "Integer", loadErrorCodes.digit)
    case "decimal":
      return invalidDigit(raw, /^[+-]?[0-9]*\.?[0-9]*/, "Decimal", loadErrorCodes.decimal)
    case "float":
      return at(loadErrorCodes.float, "Invalid floating point value")
    case "boolean":
      return at(loadErrorCodes.boolean, "Unknown boolean format")
    case "date":
      return at(
        loadErrorCodes.date,
        `Invalid Date Format - value does not fit ${shownForm(options.dateFormat, "YYYY-MM-DD")}`,
      )
    case "timestamp":
    case "timestamptz":
      return at(
        loadErrorCodes.timestamp,
        `Invalid timestamp format or value [${shownForm(options.timeFormat, "YYYY-MM-DD HH24:MI:SS")}]`,
      )
    case "json":
      return at(loadErrorCodes.unknown, "Invalid JSON value for a SUPER column")
    case "bytes":
      return at(loadErrorCodes.unknown, "Invalid hexadecimal value for a VARBYTE column")
    case "text":
      return length === undefined
        ? at(loadErrorCodes.unknown, `Invalid value for type ${typeName}`)
        : at(loadErrorCodes.outOfRange, "String length exceeds DDL length", length)
    case "other":
      return at(loadErrorCodes.unknown, `Invalid value for type ${typeName}`)
    default:
      return unreachable(kind)
  }
}

function shownForm(form: TimeForm, usual: string): string {
  switch (form.kind) {
    case "iso":
      return usual
    case "auto":
      return "auto"
    case "epochSeconds":
      return "epochsecs"
    case "epochMilliseconds":
      return "epochmillisecs"
    case "pattern":
      return form.shown
    default:
      return unreachable(form)
  }
}

function invalidDigit(raw: string, valid: RegExp, type: string, code: number): Refusal {
  const position = valid.exec(raw)?.[0].length ?? 0
  const [bad] = raw.slice(position)
  if (bad === undefined && /[0-9]/.test(raw))
    return {
      code: loadErrorCodes.outOfRange,
      reason: `Overflow, Value '${raw.slice(0, 40)}', Type: ${type}`,
      position: 0,
    }
  return { code, reason: `Invalid digit, Value '${bad ?? ""}', Pos ${position}, Type: ${type}`, position }
}

/** Patterns of strptime for a date in any usual way. */
export const autoDates = [
  "%Y-%m-%d",
  "%Y%m%d",
  "%Y/%m/%d",
  "%m/%d/%Y",
  "%d.%m.%Y",
  "%d %b %Y",
  "%d-%b-%Y",
  "%b %d, %Y",
  "%b %d %Y",
  "%B %d, %Y",
  "%d %B %Y",
] as const
/** Of a time behind it, with a blank between. */
export const autoTimes = ["%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p"] as const
