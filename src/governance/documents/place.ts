/** A value of a document and where it stands: a JSON pointer, empty for the whole document. */
export interface Place {
  value: unknown
  pointer: string
}

/** A document that cannot be taken. The message begins with the JSON pointer and says what to write instead. */
export class DocumentError extends Error {
  readonly pointer: string

  constructor(pointer: string, message: string) {
    super(`${pointer === "" ? "the document" : pointer}: ${message}`)
    this.pointer = pointer
  }
}

export function wrongAt({ pointer }: Place, message: string): DocumentError {
  return new DocumentError(pointer, message)
}

/** The members of an object by their keys. @throws DocumentError it is none, or has a key that is not known */
export type Members = ReadonlyMap<string, Place>

export function membersOf(place: Place, known: readonly string[]): Members {
  const { value, pointer } = place
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrongAt(place, `write an object with ${known.join(", ")}`)
  const members = new Map<string, Place>()
  for (const [key, inner] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`
    if (!known.includes(key))
      throw new DocumentError(at, `this key is not known; known are ${known.join(", ")}`)
    if (inner !== undefined && inner !== null) members.set(key, { value: inner, pointer: at })
  }
  return members
}

/** @throws DocumentError the member is missing */
export function needed(members: Members, key: string, { pointer }: Place): Place {
  const member = members.get(key)
  if (member === undefined) throw new DocumentError(pointer, `\`${key}\` is missing`)
  return member
}

export function listOf(place: Place): Place[] {
  const { value, pointer } = place
  if (!Array.isArray(value)) throw wrongAt(place, "write a list")
  return value.map((inner: unknown, at) => ({ value: inner, pointer: `${pointer}/${at}` }))
}

export const longestName = 512
const longestText = 4_000

/** A text of at least one character, without NUL and halves of characters, which no engine takes. */
export function textOf(place: Place, most = longestName): string {
  const text = anyTextOf(place, most)
  if (text === "") throw wrongAt(place, "write a text that is not empty")
  return text
}

export function anyTextOf(place: Place, most = longestText): string {
  const { value } = place
  if (typeof value !== "string") throw wrongAt(place, "write a text")
  if (value.length > most) throw wrongAt(place, `write at most ${most} characters`)
  if (value.includes("\0") || !value.isWellFormed())
    throw wrongAt(place, "write a text without NUL and without halves of characters")
  return value
}

export function numberOf(place: Place, { least, most }: { least: number; most: number }): number {
  const { value } = place
  if (typeof value !== "number" || !(value >= least && value <= most))
    throw wrongAt(place, `write a number from ${least} to ${most}`)
  return value
}

export function wholeNumberOf(place: Place, limits: { least: number; most: number }): number {
  const value = numberOf(place, limits)
  if (!Number.isInteger(value)) throw wrongAt(place, "write a whole number")
  return value
}

export function flagOf(place: Place | undefined): boolean {
  if (place === undefined) return false
  if (typeof place.value !== "boolean") throw wrongAt(place, "write true or false")
  return place.value
}

export function oneOf<T extends string>(place: Place, known: readonly T[]): T {
  const found = known.find((one) => one === place.value)
  if (found === undefined) throw wrongAt(place, `write one of ${known.join(", ")}`)
  return found
}

export function textsOf(place: Place): string[] {
  return listOf(place).map((one) => textOf(one))
}
