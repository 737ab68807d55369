import {
  type CopyFormat,
  type CopyOptions,
  ignoreAllErrors,
  maxErrorsAtMost,
  type TimeForm,
  usualCopyOptions,
} from "../../../domain/copy.ts"
import { strftimePattern } from "../../../query/text/date-patterns.ts"
import type { TokenReader } from "../../../query/text/token-reader.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** By what right the statement reads the bucket. Ours is always the configuration's. */
export type Authorisation =
  | { kind: "none" }
  | { kind: "role"; arn: string }
  | { kind: "defaultRole" }
  | { kind: "keys" }

export interface ParsedOptions {
  authorisation: Authorisation
  options: CopyOptions
  /** The place is that of a manifest: a list of files. */
  isManifest: boolean
  /** The options that were named. */
  given: ReadonlySet<string>
}

/** What is read on the way to the options. */
interface Draft {
  options: CopyOptions
  authorisation: Authorisation
  isManifest: boolean
  delimiter: string | undefined
  quote: string | undefined
  isCsv: boolean
  hasEscapes: boolean
  removeQuotes: boolean
  other: CopyFormat | undefined
}

type Reading = (draft: Draft, reader: TokenReader) => void

/** Past a word that may stand between an option and its value. */
function value<T>(reader: TokenReader, read: () => T): T {
  reader.take("as")
  return read()
}

const flag =
  (
    name:
      | "acceptAnyDate"
      | "blanksAsNull"
      | "emptyAsNull"
      | "fillRecord"
      | "ignoreBlankLines"
      | "roundDecimals"
      | "trimBlanks"
      | "truncateColumns",
  ): Reading =>
  ({ options }) => {
    options[name] = true
  }

/** About how the cloud stores rows: nothing here depends on it. */
const meaningless: Reading = (_, reader) =>
  void (
    reader.take("on") ||
    reader.take("off") ||
    reader.take("true") ||
    reader.take("false") ||
    reader.take("preset")
  )

const refused: Reading = () => undefined

const readings: Record<string, Reading> = {
  iam_role: (draft, reader) => {
    draft.authorisation = reader.take("default")
      ? { kind: "defaultRole" }
      : { kind: "role", arn: reader.string() }
  },
  credentials: (draft, reader) => {
    const given = value(reader, reader.string)
    const role = /^aws_iam_role=(.+)$/.exec(given)?.[1]
    draft.authorisation = role === undefined ? { kind: "keys" } : { kind: "role", arn: role }
  },
  access_key_id: keys,
  secret_access_key: keys,
  session_token: keys,
  region: (_, reader) => void value(reader, reader.string),
  csv: (draft) => {
    draft.isCsv = true
  },
  quote: (draft, reader) => {
    draft.quote = oneCharacter("QUOTE", value(reader, reader.string))
  },
  delimiter: (draft, reader) => {
    draft.delimiter = oneCharacter("DELIMITER", value(reader, reader.string))
  },
  json: (draft, reader) => {
    reader.take("as")
    draft.other = jsonFormat(reader.atEnd() ? "auto" : reader.string())
  },
  parquet: (draft) => {
    draft.other = { kind: "parquet" }
  },
  manifest: (draft) => {
    draft.isManifest = true
  },
  gzip: ({ options }) => {
    options.compression = "gzip"
  },
  zstd: ({ options }) => {
    options.compression = "zstd"
  },
  escape: (draft) => {
    draft.hasEscapes = true
  },
  removequotes: (draft) => {
    draft.removeQuotes = true
  },
  ignoreheader: ({ options }, reader) => {
    options.ignoreHeader = value(reader, () => whole("IGNOREHEADER", reader.number(), 1_000_000_000))
  },
  null: ({ options }, reader) => {
    options.nullAs = value(reader, reader.string).replaceAll("\\0", "\0")
  },
  acceptinvchars: ({ options }, reader) => {
    reader.take("as")
    const next = reader.stringIfNext()
    if (next !== undefined && [...next].length !== 1)
      throw new PgError("22023", "ACCEPTINVCHARS takes one character")
    options.acceptInvalidCharacters = next ?? "?"
  },
  dateformat: ({ options }, reader) => {
    options.dateFormat = timeForm(value(reader, reader.string))
  },
  timeformat: ({ options }, reader) => {
    options.timeFormat = timeForm(value(reader, reader.string))
  },
  encoding: (_, reader) => {
    const encoding = value(reader, reader.nameOrString)
    if (!/^utf-?8$/i.test(encoding))
      throw new PgError("0A000", `ENCODING ${encoding.toUpperCase()} is not supported: files must be UTF-8`)
  },
  maxerror: ({ options }, reader) => {
    options.maxErrors = value(reader, () => whole("MAXERROR", reader.number(), maxErrorsAtMost))
  },
  ignoreallerrors: ({ options }) => {
    options.maxErrors = ignoreAllErrors
  },
  acceptanydate: flag("acceptAnyDate"),
  blanksasnull: flag("blanksAsNull"),
  emptyasnull: flag("emptyAsNull"),
  fillrecord: flag("fillRecord"),
  ignoreblanklines: flag("ignoreBlankLines"),
  roundec: flag("roundDecimals"),
  trimblanks: flag("trimBlanks"),
  truncatecolumns: flag("truncateColumns"),
  compupdate: meaningless,
  statupdate: meaningless,
  // Nested values go into a column of JSON as JSON anyway.
  serializetojson: () => undefined,
  comprows: (_, reader) => void reader.number(),
  ...Object.fromEntries(
    [
      "avro",
      "orc",
      "shapefile",
      "fixedwidth",
      "bzip2",
      "lzop",
      "noload",
      "explicit_ids",
      "encrypted",
      "master_symmetric_key",
      "ssh",
      "readratio",
    ].map((name) => [name, refused]),
  ),
}

function keys(draft: Draft, reader: TokenReader): void {
  value(reader, reader.string)
  draft.authorisation = { kind: "keys" }
}

/** Reads options until JOB, the end, or what is none. */
export function parseCopyOptions(reader: TokenReader): ParsedOptions {
  const draft: Draft = {
    options: { ...usualCopyOptions },
    authorisation: { kind: "none" },
    isManifest: false,
    delimiter: undefined,
    quote: undefined,
    isCsv: false,
    hasEscapes: false,
    removeQuotes: false,
    other: undefined,
  }
  const given = new Set<string>()
  while (!reader.atEnd() && !reader.sees("job")) {
    if (reader.take("with")) continue
    if (reader.take("format")) reader.take("as")
    const name = Object.keys(readings).find((one) => reader.sees(one))
    const reading = name === undefined ? undefined : readings[name]
    if (name === undefined || reading === undefined) throw reader.unexpected()
    const shown = name.toUpperCase()
    if (reading === refused) throw new PgError("0A000", `${shown} is not supported in COPY`)
    if (given.has(shown)) throw new PgError("42601", `conflicting or redundant options: ${shown}`)
    given.add(shown)
    reader.expect(name)
    reading(draft, reader)
  }
  draft.options.format = formatOf(draft)
  const { authorisation, options, isManifest } = draft
  return { authorisation, options, isManifest, given }
}

function formatOf({ other, isCsv, delimiter, quote, hasEscapes, removeQuotes, options }: Draft): CopyFormat {
  const conflict = (what: string) => new PgError("42601", `${what} cannot be combined with this format`)
  if (other !== undefined) {
    if (isCsv || delimiter !== undefined) throw conflict(isCsv ? "CSV" : "DELIMITER")
    if (hasEscapes || removeQuotes) throw conflict(hasEscapes ? "ESCAPE" : "REMOVEQUOTES")
    if (other.kind === "parquet" && options.compression !== "none") throw conflict("Compression of files")
    return other
  }
  if (isCsv) {
    if (hasEscapes || removeQuotes) throw conflict(hasEscapes ? "ESCAPE" : "REMOVEQUOTES")
    return { kind: "csv", delimiter: delimiter ?? ",", quote: quote ?? '"' }
  }
  if (quote !== undefined) throw new PgError("42601", "QUOTE is for CSV")
  return { kind: "text", delimiter: delimiter ?? "|", escape: hasEscapes, removeQuotes }
}

function jsonFormat(how: string): CopyFormat {
  if (how === "auto") return { kind: "json", ignoreCase: false }
  if (how === "auto ignorecase") return { kind: "json", ignoreCase: true }
  if (how === "noshred") return { kind: "jsonWhole" }
  if (how.startsWith("s3://")) return { kind: "jsonPaths", pathsFile: how }
  throw new PgError(
    "22023",
    "JSON takes 'auto', 'auto ignorecase', 'noshred' or the S3 URL of a JSONPaths file",
  )
}

const named: Record<string, string> = { "\\t": "\t", "\\\\": "\\" }

/** `,`, `\t` or an octal number like `\001`. */
function oneCharacter(option: string, text: string): string {
  const octal = /^\\([0-3]?[0-7]{1,2})$/.exec(text)?.[1]
  const one = octal === undefined ? (named[text] ?? text) : String.fromCharCode(Number.parseInt(octal, 8))
  if (one.length === 1 && one.charCodeAt(0) < 128 && one !== "\n" && one !== "\r") return one
  throw new PgError("22023", `${option} must be a single ASCII character`)
}

function whole(option: string, number: number, atMost: number): number {
  if (Number.isInteger(number) && number >= 0 && number <= atMost) return number
  throw new PgError("22023", `${option} must be a whole number from 0 to ${atMost}`)
}

function timeForm(format: string): TimeForm {
  switch (format.toLowerCase()) {
    case "auto":
      return { kind: "auto" }
    case "epochsecs":
      return { kind: "epochSeconds" }
    case "epochmillisecs":
      return { kind: "epochMilliseconds" }
    default:
      return { kind: "pattern", strptime: strftimePattern(format), shown: format }
  }
}
