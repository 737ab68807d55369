import { unreachable } from "../../../domain/unreachable.ts"
import type { ArithmeticOperator } from "../definition/connectors.ts"

/** `digits / 10 ** scale`: sums of prices are exact. */
interface Decimal {
  digits: bigint
  scale: number
}

const scaleAtMost = 100

/** `undefined`: it is no decimal number, or one of more digits than any amount has. */
export function parseDecimal(value: unknown): Decimal | undefined {
  const text = typeof value === "number" ? String(value) : typeof value === "string" ? value.trim() : ""
  const found = /^([+-]?)(\d{0,100})(?:\.(\d{0,100}))?(?:e([+-]?\d{1,3}))?$/i.exec(text)
  if (found === null) return undefined
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = found
  if (whole + fraction === "") return undefined
  const digits = BigInt(`${whole}${fraction}`) * (sign === "-" ? -1n : 1n)
  const scale = fraction.length - Number(exponent)
  if (Math.abs(scale) > scaleAtMost) return undefined
  return scale >= 0 ? { digits, scale } : { digits: digits * 10n ** BigInt(-scale), scale: 0 }
}

export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = aligned(a, b)
  return left < right ? -1 : left > right ? 1 : 0
}

function aligned(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale)
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale), scale]
}

/** What a division that does not end keeps. */
const quotientDigits = 16

/** `undefined`: a division by zero. */
export function calculated(operator: ArithmeticOperator, a: Decimal, b: Decimal): Decimal | undefined {
  const [left, right, scale] = aligned(a, b)
  switch (operator) {
    case "ADDITION":
      return { digits: left + right, scale }
    case "SUBTRACTION":
      return { digits: left - right, scale }
    case "MULTIPLICATION":
      return { digits: a.digits * b.digits, scale: a.scale + b.scale }
    case "DIVISION":
      if (right === 0n) return undefined
      return { digits: (left * 10n ** BigInt(quotientDigits)) / right, scale: quotientDigits }
    default:
      return unreachable(operator)
  }
}

/** A number where JavaScript has just that one, else its digits as text. */
export function valueOfDecimal({ digits, scale }: Decimal): number | string {
  const sign = digits < 0n ? "-" : ""
  const all = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0")
  const fraction = scale === 0 ? "" : all.slice(-scale).replace(/0+$/, "")
  const text = `${sign}${all.slice(0, all.length - scale)}${fraction === "" ? "" : `.${fraction}`}`
  const number = Number(text)
  return String(number) === text ? number : text
}
