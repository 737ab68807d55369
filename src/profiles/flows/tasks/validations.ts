import { unreachable } from "../../../domain/unreachable.ts"
import type { ValidationOperator } from "../definition/connectors.ts"
import { compareDecimals, parseDecimal } from "./decimal.ts"

const zero = { digits: 0n, scale: 0 }

/** Whether a value passes; what is absent is `undefined`. A value that is no number passes what is asked of numbers alone. */
export function isValid(operator: ValidationOperator, value: unknown): boolean {
  if (operator === "VALIDATE_NON_NULL") return value !== undefined
  const number = parseDecimal(value)
  switch (operator) {
    case "VALIDATE_NUMERIC":
      return number !== undefined
    case "VALIDATE_NON_ZERO":
      return number === undefined || number.digits !== 0n
    case "VALIDATE_NON_NEGATIVE":
      return number === undefined || compareDecimals(number, zero) >= 0
    default:
      return unreachable(operator)
  }
}
