import { comparable } from "../mapping/comparable-values.ts"
import { mappingLibraries } from "../mapping/libraries.ts"
import type { Comparable } from "./comparable-values.ts"

/** Numbers that mean the same telephone have the same form, as for keys. */
export type ComparePhone = (value: string | undefined) => Comparable

/** A number as it is compared already. Reading a number costs 50 times as much as this look. */
const international = /^\+[1-9]\d{7,14}$/

/** Loads what reads telephone numbers. */
export async function phoneComparison(): Promise<ComparePhone> {
  const libraries = await mappingLibraries()
  return (value) => {
    if (value === undefined || value.trim() === "") return undefined
    return international.test(value) ? value : comparable(libraries, value, "PHONE_NUMBER")
  }
}
