/** Values of a profile by path: `FirstName`, `Address.City`, `Attributes.tier`. */
export type ProfileFields = Readonly<Record<string, string | undefined>>

/** Values as they are compared: an empty one is no value. */
export type Comparable = string | undefined

/** Without case, with single blanks and without blanks around. */
export function comparableText(value: string | undefined): Comparable {
  const text = value?.normalize("NFC").trim().replace(/\s+/g, " ").toLowerCase()
  return text === "" ? undefined : text
}
