/**
 * Characters that draw on a terminal, end a line, turn the direction of writing or cannot be seen: control characters (C0, DEL, C1),
 * format characters (bidirectional controls, zero-width characters, soft hyphens, tags), line and paragraph separators, and halves
 * of surrogate pairs, which are no text at all.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

const eachUnprintable = new RegExp(unprintable, "gu")

const named: Record<string, string> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/**
 * A text of somebody else's (a name, a message, a value) as it may stand in a line of ours: each unprintable character as
 * `\n`, `\r`, `\t` or `\u{1b}`, so that it is seen and does nothing. A text without any is returned as it is.
 */
export function plainLine(text: string): string {
  if (!unprintable.test(text)) return text
  return text.replace(
    eachUnprintable,
    (character) => named[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** Every text in a value of objects and lists, names of members included, as `plainLine` has it. */
export function plainLines<T>(value: T): T
export function plainLines(value: unknown): unknown {
  if (typeof value === "string") return plainLine(value)
  if (Array.isArray(value)) return value.map((one) => plainLines(one))
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [plainLine(name), plainLines(one)]))
}

/** Of no class: what others made (dates, errors, buffers) is theirs to print. */
function isRecord(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** JSON with two spaces of indentation in which every unprintable character is written `\u001b`, as JSON itself reads it. */
export function plainJson(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(eachUnprintable, (character) =>
    character === "\n" ? character : escaped(character),
  )
}

/** By UTF-16 units, the only ones that JSON has escapes for. */
function escaped(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("")
}

/** As `plainLine`, for a text that may have lines of its own: line feeds and tabs stay. */
export function plainText(text: string): string {
  if (!unprintable.test(text)) return text
  return text.replace(eachUnprintable, (character) =>
    character === "\n" || character === "\t" ? character : plainLine(character),
  )
}

/** Of a message that is kept or shown, in UTF-16 units: a source's own words may be in it, and a server decides how many they are. */
export const messageAtMost = 2_000

/** The first `most` UTF-16 units of a text, with `…` where something was cut; never half of a surrogate pair. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  const code = text.charCodeAt(most - 1)
  return `${text.slice(0, code >= 0xd800 && code < 0xdc00 ? most - 1 : most)}…`
}
