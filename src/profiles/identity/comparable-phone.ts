import type { Comparable } from "./comparable-values.ts"

/** A phone number's digits, with its country's code where the number has one: 00 and + say the same. */
export function comparablePhone(value: string | undefined): Comparable {
  const digits = (value ?? "").replace(/\D/g, "").replace(/^00/, "")
  return digits === "" ? undefined : digits
}
