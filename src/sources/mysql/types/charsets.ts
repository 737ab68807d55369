import { type ColumnBuffer, putText } from "../../../replication/values/columns.ts"
import type { Client } from "../client.ts"
import { type CodedCharset, codedText, readCodedCharset } from "./multibyte.ts"

/** How text of a character set is read from the log, where it comes as the table holds it. */
export type CharsetReading =
  | { kind: "bytes"; characters: readonly string[] }
  | { kind: "wide"; encoding: "utf-16be" | "utf-16le" | "utf-32be" }
  | { kind: "coded"; charset: CodedCharset }

/** Sets whose text is UTF-8 as it is. */
export const likeUtf8: ReadonlySet<string> = new Set(["utf8mb4", "utf8mb3", "utf8", "ascii"])
const wide = {
  ucs2: "utf-16be",
  utf16: "utf-16be",
  utf16le: "utf-16le",
  utf32: "utf-32be",
} as const

export function isReadable(reading: CharsetReading | "utf8" | undefined): reading is CharsetReading | "utf8" {
  return reading !== undefined
}

/** Those that can be read. Other sets than Unicode's are asked of the server itself. */
export async function readCharsets(
  client: Client,
  names: readonly string[],
): Promise<Map<string, CharsetReading | "utf8">> {
  const readings = new Map<string, CharsetReading | "utf8">()
  const others: string[] = []
  for (const name of names) {
    if (likeUtf8.has(name)) readings.set(name, "utf8")
    else if (Object.hasOwn(wide, name))
      readings.set(name, { kind: "wide", encoding: wide[name as keyof typeof wide] })
    else others.push(name)
  }
  if (others.length === 0) return readings
  const lone: string[] = []
  for (const name of others) {
    const charset = await readCodedCharset(client, name)
    if (charset === undefined) lone.push(name)
    else readings.set(name, { kind: "coded", charset })
  }
  if (lone.length === 0) return readings
  const sets = await client.query(
    "SELECT character_set_name AS name, maxlen AS length FROM information_schema.character_sets",
  )
  const single = new Set(sets.filter(({ length }) => length === "1").map(({ name }) => name))
  for (const name of lone)
    if (single.has(name)) readings.set(name, { kind: "bytes", characters: await charactersOf(client, name) })
  return readings
}

async function charactersOf(client: Client, charset: string): Promise<string[]> {
  const forms = Array.from({ length: 256 }, (_, byte) => {
    const digits = byte.toString(16).padStart(2, "0")
    return `HEX(CONVERT(_${charset} X'${digits}' USING utf8mb4)) AS c${byte}`
  })
  const [row] = await client.query(`SELECT ${forms.join(", ")}`)
  return forms.map((_, byte) => Buffer.from(row?.[`c${byte}`] ?? "", "hex").toString("utf8"))
}

export function putCharacters(
  column: ColumnBuffer,
  reading: CharsetReading,
  from: Buffer,
  start: number,
  end: number,
): void {
  putText(column, charactersFrom(reading, from, start, end))
}

function charactersFrom(reading: CharsetReading, from: Buffer, start: number, end: number): string {
  let text = ""
  if (reading.kind === "bytes") {
    for (let i = start; i < end; i++) text += reading.characters[from[i] as number]
    return text
  }
  if (reading.kind === "coded") return codedText(reading.charset, from, start, end)
  switch (reading.encoding) {
    case "utf-16le":
      return from.toString("utf16le", start, end)
    case "utf-16be":
      return Buffer.from(from.subarray(start, end)).swap16().toString("utf16le")
    case "utf-32be":
      for (let i = start; i + 4 <= end; i += 4) text += String.fromCodePoint(from.readUInt32BE(i))
      return text
  }
}
