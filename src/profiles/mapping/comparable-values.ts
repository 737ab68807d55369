import { createHash } from "node:crypto"
import { unreachable } from "../../domain/unreachable.ts"
import type { ContentType } from "../../state/profiles/records.ts"
import type { MappingLibraries } from "./libraries.ts"

/** Numbers without a country's code are read as of this one, as the service does. */
const usualCountry = "US"

/** An index takes no more of a value; a longer one is compared by its hash. */
const comparedCharacters = 512

/** A value in the form in which values of its content type are compared: two that mean the same have the same form. */
export function comparable(
  { parsePhone }: Pick<MappingLibraries, "parsePhone">,
  value: string,
  contentType: ContentType,
): string {
  const trimmed = value.trim()
  switch (contentType) {
    case "STRING":
      return trimmed
    case "NUMBER":
      return comparableNumber(trimmed)
    case "NAME":
      return trimmed.normalize("NFC").replace(/\s+/g, " ").toLowerCase()
    case "EMAIL_ADDRESS":
      return trimmed.normalize("NFC").toLowerCase()
    case "PHONE_NUMBER":
      return comparablePhone(parsePhone, trimmed)
    default:
      return unreachable(contentType)
  }
}

/** `+12065550100`; what is no telephone number is compared by its digits, or as it is when it has none. */
function comparablePhone(parsePhone: MappingLibraries["parsePhone"], text: string): string {
  const parsed = text.length <= 64 ? parsePhone(text, usualCountry) : undefined
  if (parsed?.isPossible())
    return parsed.ext === undefined ? parsed.number : `${parsed.number};ext=${parsed.ext}`
  const digits = text.replace(/\D/g, "")
  return digits === "" ? text : digits
}

/** Plain decimal numbers without needless zeros; others as they are. */
function comparableNumber(text: string): string {
  const parts = /^([+-]?)0*(\d+)(?:\.(\d*?)0*)?$/.exec(text)
  if (parts === null) return text
  const [, sign, whole = "", fraction = ""] = parts
  const digits = fraction === "" ? whole : `${whole}.${fraction}`
  return sign === "-" && /[1-9]/.test(digits) ? `-${digits}` : digits
}

/** One value for all fields of a key, each in its comparable form. */
export function keyValue(values: readonly string[]): string {
  const [only = ""] = values
  const joined = values.length === 1 ? only : values.map((one) => one.replace(/[\\|]/g, "\\$&")).join("|")
  return bounded(joined, comparedCharacters)
}

/** Texts that are longer are replaced by their hash. */
export function bounded(text: string, characters: number): string {
  if (text.length <= characters) return text
  return `sha256:${createHash("sha256").update(text).digest("hex")}`
}
