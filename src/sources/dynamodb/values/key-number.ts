/** DynamoDB's numbers have up to 38 significant digits anywhere from 1e-130 to 1e125. */
const form = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/

/** The number times 10^scale; `undefined` where that is no whole number of at most `precision` digits. */
export function unscaled(text: string, precision: number, scale: number): bigint | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [, sign, whole = "", fraction = "", exponent = "0"] = match
  const digits = (whole + fraction).replace(/^0+/, "")
  if (digits === "") return 0n
  const shift = scale + Number(exponent) - fraction.length
  const all =
    shift >= 0
      ? digits.padEnd(digits.length + Math.min(shift, precision + 1), "0")
      : shortened(digits, -shift)
  if (all === undefined || all.length > precision) return undefined
  return sign === "-" ? -BigInt(all) : BigInt(all)
}

/** Without its last `count` digits, which must be zeros. */
function shortened(digits: string, count: number): string | undefined {
  return /^0*$/.test(digits.slice(-count)) && digits.length > count ? digits.slice(0, -count) : undefined
}

/** As a decimal of that scale is printed. */
export function printed(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, "0")
  return `${value < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
