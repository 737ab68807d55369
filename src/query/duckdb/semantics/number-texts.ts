import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Tree, TreeValue } from "../dialect/syntax-tree.ts"
import {
  become,
  castTo,
  childrenOf,
  constantText,
  dialectCall,
  engineCall,
  numberConstant,
  textConstant,
} from "./tree-nodes.ts"

/** Where a number's sign is written. */
type SignStyle = "plain" | "leading" | "trailing" | "minusBefore" | "minusAfter" | "angle"

interface NumberFormat {
  /** By place before the point: the number of a digit from the left, or less than 1: a separator behind so many digits. */
  places: number[]
  digits: number
  /** So many digits are written at least, zeros if need be. */
  digitsAtLeast: number
  decimals: number
  /** So many decimals are written although they are zeros. */
  decimalsAtLeast: number
  hasPoint: boolean
  sign: SignStyle
  isFilled: boolean
  prefix: string
  suffix: "" | "TH" | "th"
}

const elements = /^(FM|MI|PR|S|L|\$|D|\.|G|,|9|0|TH|th)/i

function newFormat(): NumberFormat {
  return {
    places: [],
    digits: 0,
    digitsAtLeast: 0,
    decimals: 0,
    decimalsAtLeast: 0,
    hasPoint: false,
    sign: "plain",
    isFilled: true,
    prefix: "",
    suffix: "",
  }
}

/** @param element 9 or 0 */
function addDigit(format: NumberFormat, element: string): void {
  const isZero = element === "0"
  if (format.hasPoint) {
    format.decimals++
    if (isZero) format.decimalsAtLeast = format.decimals
    return
  }
  format.digits++
  format.places.push(format.digits)
  // From the first zero on every place has a digit.
  if (isZero && format.digitsAtLeast === 0) format.digitsAtLeast = -format.digits
}

function add(format: NumberFormat, element: string): void {
  const isBehind = format.digits + format.decimals > 0
  switch (element.toUpperCase()) {
    case "FM":
      format.isFilled = false
      return
    case "S":
      format.sign = isBehind ? "trailing" : "leading"
      return
    case "MI":
      format.sign = isBehind ? "minusAfter" : "minusBefore"
      return
    case "PR":
      format.sign = "angle"
      return
    case "L":
    case "$":
      format.prefix += "$"
      return
    case "D":
    case ".":
      format.hasPoint = true
      return
    case "G":
    case ",":
      format.places.push(-format.digits)
      return
    case "TH":
      format.suffix = element === "th" ? "th" : "TH"
      return
    default:
      addDigit(format, element)
  }
}

/** More digits than a DECIMAL has. */
const digitsAtMost = 37

/** Throws 0A000 for what is not known: a wrong text would be worse than none. */
export function numberFormat(written: string): NumberFormat {
  const format = newFormat()
  for (let rest = written; rest !== ""; ) {
    const element = elements.exec(rest)?.[0]
    if (element === undefined && rest.startsWith(" ") && format.digits === 0) format.prefix += " "
    else if (element === undefined)
      throw new PgError("0A000", `the number format "${written}" is not supported at "${rest}"`, {
        hint: "9 0 . D , G S MI PR L $ FM TH and RN are.",
      })
    else add(format, element)
    rest = rest.slice(element?.length ?? 1)
  }
  if (format.digitsAtLeast < 0) format.digitsAtLeast = format.digits + format.digitsAtLeast + 1
  if (format.digits + format.decimals > digitsAtMost)
    throw new PgError("0A000", "a number format with more than 37 digits is not supported")
  return format
}

/** Formats of numbers have digits or Roman numerals. */
export function isNumberFormat(format: string): boolean {
  return /[09]/.test(format.replace(/"[^"]*"/g, "")) || /^(FM)?RN$/i.test(format)
}

const flag = (value: boolean): TreeValue => castTo(textConstant(String(value)), "BOOLEAN")

/** TO_CHAR of a number, with a format that stands in the statement. Throws PgError. */
export function numberToChar(node: Tree, pattern: string): true {
  const [value = null] = childrenOf(node)
  if (/RN$/i.test(pattern)) return become(node, dialectCall("roman", [value, flag(!/^FM/i.test(pattern))]))
  const format = numberFormat(pattern)
  const shown = engineCall("list_value", format.places.map(numberConstant))
  return become(
    node,
    dialectCall("number_text", [
      value,
      shown,
      engineCall("list_value", [
        ...[format.digits, format.digitsAtLeast, format.decimalsAtLeast].map(numberConstant),
        numberConstant(format.hasPoint ? 1 : 0),
      ]),
      numberConstant(format.decimals),
      textConstant(format.sign),
      flag(format.isFilled),
      textConstant(format.prefix),
      textConstant(format.suffix),
    ]),
  )
}

/** TO_NUMBER: the digits, the point and the sign; the format tells how many decimals there are. Throws PgError. */
export function toNumber(node: Tree): boolean {
  const [text, format] = childrenOf(node)
  const pattern = constantText(format)
  if (text === undefined || childrenOf(node).length !== 2) return false
  if (pattern === undefined) throw new PgError("0A000", "TO_NUMBER takes its format as text in the statement")
  const { decimals } = numberFormat(pattern.replace(/ /g, ""))
  return become(node, dialectCall("number_of_text", [text, numberConstant(decimals)]))
}
