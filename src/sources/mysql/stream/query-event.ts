import { statementTexts } from "../statements/statement-charsets.ts"
import { concernsTemporaryTables, meaningOf, type Statement } from "../statements/statements.ts"
import { inflatePart } from "../types/compressed.ts"
import { uint16 } from "../types/numbers.ts"
import { isOfTemporaryTables } from "./events.ts"

/** Where the parts of a Query event lie behind its header. */
const [schemaLengthAt, statusLengthAt, statusAt] = [8, 11, 13]

/** What a Query event says, by the character set and the SQL mode that it names. */
export function readQuery(bytes: Buffer, start: number, end: number): Statement {
  const textAt = placeOfText(bytes, start)
  return statementAt(bytes, start, bytes.subarray(textAt, end))
}

/** As `readQuery`, of MariaDB's event with its text compressed. */
export function readCompressedQuery(bytes: Buffer, start: number, end: number): Statement {
  return statementAt(bytes, start, inflatePart(bytes, placeOfText(bytes, start), end))
}

function placeOfText(bytes: Buffer, start: number): number {
  const schemaLength = bytes[start + schemaLengthAt] as number
  return start + statusAt + uint16(bytes, start + statusLengthAt) + schemaLength + 1
}

function statementAt(bytes: Buffer, start: number, text: Buffer): Statement {
  const schemaAt = start + statusAt + uint16(bytes, start + statusLengthAt)
  const schema = bytes.toString("utf8", schemaAt, schemaAt + (bytes[start + schemaLengthAt] as number))
  const { charset, plainBackslashes } = readStatus(bytes, start + statusAt, schemaAt)
  const texts = statementTexts(text, charset)
  if (texts === undefined) return { kind: "unloggedRows" }
  const statement = meaningOf(texts, { schema, plainBackslashes })
  return isOfTemporaryTables(bytes, start) ? concernsTemporaryTables(statement) : statement
}

interface Status {
  /** The number of the collation whose character set the text is in; `undefined`: it does not say. */
  charset: number | undefined
  plainBackslashes: boolean
}

/** Codes of status variables (the server's `Query_event`), and how many bytes those before the wanted ones have. */
const codes = { flags: 0, sqlMode: 1, oldCatalog: 2, autoIncrement: 3, charset: 4, catalog: 6 } as const
const noBackslashEscapes = 0x100000

function readStatus(bytes: Buffer, start: number, end: number): Status {
  const status: Status = { charset: undefined, plainBackslashes: false }
  for (let at = start; at < end; ) {
    const code = bytes[at++]
    switch (code) {
      case codes.flags:
      case codes.autoIncrement:
        at += 4
        break
      case codes.sqlMode:
        status.plainBackslashes = (bytes.readUInt32LE(at) & noBackslashEscapes) !== 0
        at += 8
        break
      case codes.catalog:
        at += 1 + (bytes[at] as number)
        break
      case codes.oldCatalog:
        at += 2 + (bytes[at] as number)
        break
      case codes.charset:
        return { ...status, charset: uint16(bytes, at) }
      default:
        return status
    }
  }
  return status
}
