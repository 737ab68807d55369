/** Digits before and after the point that the type holds; `undefined`: as many as one likes. */
export function decimalDigits(type: string): { whole: number; fraction: number } | undefined {
  const found = /^(?:decimal|numeric)\s*(?:\((\d+)(?:\s*,\s*(\d+))?\))?$/i.exec(type)
  if (found?.[1] !== undefined) {
    const fraction = Number(found[2] ?? 0)
    return { whole: Number(found[1]) - fraction, fraction }
  }
  return /^numeric$/i.test(type) ? undefined : { whole: 15, fraction: 3 }
}
