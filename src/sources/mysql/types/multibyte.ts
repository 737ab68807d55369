import type { Client } from "../client.ts"

/** A character set whose characters take one to four bytes, by the server's own conversion. */
export interface CodedCharset {
  /** By byte: what it is where no longer code begins with it. */
  single: readonly string[]
  /** By code, the first byte the highest. Codes that the server takes but has no character for are `?`, as it gives them. */
  codes: ReadonlyMap<number, string>
  /** Bytes of the longest code. */
  longest: 2 | 3 | 4
}

/** From the first to the last, in each place of a code. */
type Places = readonly (readonly [first: number, last: number])[]

const pairs: Places = [
  [0x80, 0xff],
  [0x30, 0xff],
]
/** The third code set of EUC, JIS X 0212. */
const eucTriples: Places = [
  [0x8f, 0x8f],
  [0xa1, 0xfe],
  [0xa1, 0xfe],
]
/** Characters up to U+FFFF; those above follow one another from 90 30 81 30 on. */
const gbQuadruples: Places = [
  [0x81, 0x84],
  [0x30, 0x39],
  [0x81, 0xfe],
  [0x30, 0x39],
]

/** Which codes the server is asked for: these sets are compiled into it. */
const layouts: Readonly<Record<string, readonly Places[]>> = {
  big5: [pairs],
  cp932: [pairs],
  euckr: [pairs],
  gb2312: [pairs],
  gbk: [pairs],
  sjis: [pairs],
  eucjpms: [pairs, eucTriples],
  ujis: [pairs, eucTriples],
  gb18030: [pairs, gbQuadruples],
}

const unknown = "?"

/** Of servers of one version, which have the same: a look at the catalog does not ask again. */
const known = new Map<string, CodedCharset>()

/** `undefined`: a set that is not known here. */
export async function readCodedCharset(client: Client, charset: string): Promise<CodedCharset | undefined> {
  if (!Object.hasOwn(layouts, charset)) return undefined
  const layout = layouts[charset] ?? []
  const name = `${client.version} ${charset}`
  const found = known.get(name)
  if (found !== undefined) return found
  const single = Array.from({ length: 256 }, () => unknown)
  for (const [code, text] of await askCodes(client, charset, [[0, 0xff]])) single[code] = text
  const codes = new Map<number, string>()
  for (const places of layout)
    for (const [code, text] of await askCodes(client, charset, places)) codes.set(code, text)
  const longest = Math.max(...layout.map((places) => places.length)) as CodedCharset["longest"]
  const read = { single, codes, longest }
  known.set(name, read)
  return read
}

/** Asks for every code that the server takes as one whole character: some 10 ms for all pairs. */
async function askCodes(client: Client, charset: string, places: Places): Promise<[number, string][]> {
  const bytes = places.map((_, place) => `b${place}.b`)
  const here = `CONVERT(code USING ${charset})`
  const rows = await client.query(
    `SELECT HEX(code) AS code, HEX(CONVERT(${here} USING utf8mb4)) AS text
     FROM (SELECT CONCAT(${bytes.join(", ")}) AS code FROM ${places.map(bytesAt).join(" CROSS JOIN ")}) codes
     WHERE CAST(${here} AS BINARY) = code AND CHAR_LENGTH(${here}) = 1`,
  )
  return rows.map(({ code, text }) => [
    Number.parseInt(code ?? "", 16),
    Buffer.from(text ?? "", "hex").toString("utf8"),
  ])
}

function bytesAt([first, last]: readonly [number, number], place: number): string {
  const bytes = Array.from({ length: last - first + 1 }, (_, i) => {
    const digits = (first + i).toString(16).padStart(2, "0")
    return `SELECT X'${digits}' AS b`
  })
  return `(${bytes.join(" UNION ALL ")}) b${place}`
}

/** As the server converts it to utf8mb4; a byte that belongs to no code is `?`. */
export function codedText(charset: CodedCharset, from: Buffer, start: number, end: number): string {
  let text = ""
  for (let at = start; at < end; ) {
    const first = from[at] as number
    const size = first < 0x80 ? 1 : codeBytes(charset, from, at, end)
    if (size === 1) text += charset.single[first]
    else text += charset.codes.get(from.readUIntBE(at, size)) ?? beyondTable(from, at)
    at += size
  }
  return text
}

/** How many bytes the code at `at` has. No code is the beginning of another. */
function codeBytes({ codes, longest }: CodedCharset, from: Buffer, at: number, end: number): number {
  if (longest === 4 && at + 4 <= end && isGbQuadruple(from, at)) return 4
  for (let size = 2; size <= longest && at + size <= end; size++)
    if (codes.has(from.readUIntBE(at, size))) return size
  return 1
}

const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
const isGbLead = (byte: number) => byte >= 0x81 && byte <= 0xfe

type Quadruple = [first: number, second: number, third: number, fourth: number]

const quadrupleAt = (from: Buffer, at: number): Quadruple => [
  from[at] as number,
  from[at + 1] as number,
  from[at + 2] as number,
  from[at + 3] as number,
]

function isGbQuadruple(from: Buffer, at: number): boolean {
  const [first, second, third, fourth] = quadrupleAt(from, at)
  return isGbLead(first) && isDigit(second) && isGbLead(third) && isDigit(fourth)
}

/** Number of the code 90 30 81 30 among all of four bytes. */
const firstAstral = 189_000

/** Of four bytes of gb18030. */
function beyondTable(from: Buffer, at: number): string {
  const [first, second, third, fourth] = quadrupleAt(from, at)
  const place = (((first - 0x81) * 10 + second - 0x30) * 126 + third - 0x81) * 10 + fourth - 0x30
  const character = place - firstAstral + 0x10000
  return character >= 0x10000 && character <= 0x10ffff ? String.fromCodePoint(character) : unknown
}
