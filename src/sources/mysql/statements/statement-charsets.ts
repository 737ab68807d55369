/**
 * Character sets that a client may send statements in, as WHATWG's decoders name those that read them as the servers do,
 * by the numbers of their collations (which both servers share and never change).
 */
const decoders: readonly (readonly [name: string, collations: readonly number[]])[] = [
  ["windows-1252", [5, 8, 15, 31, 47, 48, 49, 94]],
  ["iso-8859-2", [2, 9, 21, 27, 77]],
  ["koi8-r", [7, 74]],
  ["koi8-u", [22, 75]],
  ["iso-8859-7", [25, 70]],
  ["iso-8859-8", [16, 71]],
  ["iso-8859-13", [20, 41, 42, 79]],
  ["windows-1250", [26, 34, 44, 66, 99]],
  ["windows-1251", [14, 23, 50, 51, 52]],
  ["windows-1256", [57, 67]],
  ["windows-1257", [29, 58, 59]],
  ["ibm866", [36, 68]],
  ["macintosh", [39, 53]],
  ["big5", [1, 84]],
  ["shift_jis", [13, 88, 95, 96]],
  ["euc-jp", [12, 91, 97, 98]],
  ["euc-kr", [19, 85]],
  ["gbk", [28, 87, 24, 86]],
  ["gb18030", [248, 249, 250]],
]

const byCollation = new Map(
  decoders.flatMap(([name, collations]) => collations.map((number) => [number, name] as const)),
)

/** Of utf8mb3, utf8mb4, ascii and binary, whose names the servers take as UTF-8. */
const likeUtf8 = new Set([11, 65, 33, 76, 83, 223, 45, 46, 63])
const [firstUtf8mb3, lastUtf8mb3] = [192, 215]
const [firstUtf8mb4, lastUtf8mb4] = [224, 247]
const firstUnicode = 255

function isUtf8(collation: number): boolean {
  if (likeUtf8.has(collation) || collation >= firstUnicode) return true
  if (collation >= firstUtf8mb3 && collation <= lastUtf8mb3) return true
  return collation >= firstUtf8mb4 && collation <= lastUtf8mb4
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true })

/**
 * What the bytes of a statement may say. They are in the character set that the event names, but for a few that servers
 * make themselves, in UTF-8 all the same (`CREATE TABLE … SELECT`): what reads as both has two readings.
 * `undefined`: it cannot be read.
 */
export function statementTexts(bytes: Buffer, collation: number | undefined): string[] | undefined {
  if (bytes.every((byte) => byte < 0x80)) return [bytes.toString("latin1")]
  const asUtf8 = read(strictUtf8, bytes)
  const isNamedUtf8 = collation !== undefined && isUtf8(collation)
  if (isNamedUtf8) return [asUtf8 ?? bytes.toString("utf8")]
  const name = collation === undefined ? undefined : byCollation.get(collation)
  if (name === undefined) return undefined
  const named = read(new TextDecoder(name, { fatal: true }), bytes)
  const texts = [named, asUtf8].filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : texts
}

/** `undefined`: the bytes are not of this character set. */
function read(decoder: InstanceType<typeof TextDecoder>, bytes: Buffer): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}
