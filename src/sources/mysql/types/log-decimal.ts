/** The servers' binary form of DECIMAL: in the log's row images, and inside binary JSON. */

const digitsPerGroup = 9
/** Bytes that so many digits take. */
const bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

function bytesOf(digits: number): number {
  return Math.floor(digits / digitsPerGroup) * 4 + (bytesOfDigits[digits % digitsPerGroup] as number)
}

export function decimalBytes(precision: number, scale: number): number {
  return bytesOf(precision - scale) + bytesOf(scale)
}

/** How the digits of a type are grouped: groups of nine, the odd digits outermost. */
export interface DecimalLayout {
  /** Bytes of each group. */
  sizes: readonly number[]
  /** Ten to the power of each group's digits. */
  weights: readonly number[]
}

export function decimalLayout(precision: number, scale: number): DecimalLayout {
  const whole = precision - scale
  const groups = [
    ...(whole % digitsPerGroup > 0 ? [whole % digitsPerGroup] : []),
    ...Array.from({ length: Math.floor(whole / digitsPerGroup) }, () => digitsPerGroup),
    ...Array.from({ length: Math.floor(scale / digitsPerGroup) }, () => digitsPerGroup),
    ...(scale % digitsPerGroup > 0 ? [scale % digitsPerGroup] : []),
  ]
  return {
    sizes: groups.map((digits) => bytesOfDigits[digits] as number),
    weights: groups.map((digits) => 10 ** digits),
  }
}

/** The number at `start`, without its sign and point. */
export function unscaledOf(
  precision: number,
  scale: number,
  from: Buffer,
  start: number,
): { unscaled: bigint; isNegative: boolean } {
  const { sizes, weights } = decimalLayout(precision, scale)
  const isNegative = ((from[start] as number) & 0x80) === 0
  const flip = isNegative ? 0xff : 0
  let unscaled = 0n
  let at = start
  for (let g = 0; g < sizes.length; g++) {
    let group = 0
    for (let i = 0; i < (sizes[g] as number); i++, at++) {
      const byte = at === start ? (from[at] as number) ^ 0x80 : (from[at] as number)
      group = group * 256 + (byte ^ flip)
    }
    unscaled = unscaled * BigInt(weights[g] as number) + BigInt(group)
  }
  return { unscaled, isNegative }
}

/** `wholeDigits`: at least so many before the point, as ZEROFILL prints them. */
export function decimalText(unscaled: bigint, isNegative: boolean, scale: number, wholeDigits = 1): string {
  const digits = unscaled.toString().padStart(scale + wholeDigits, "0")
  const behind = scale === 0 ? "" : `.${digits.slice(-scale)}`
  return `${isNegative ? "-" : ""}${digits.slice(0, digits.length - scale)}${behind}`
}
