/** What COPY may be told about the files it loads. */
export interface CopyOptions {
  format: CopyFormat
  compression: "none" | "gzip" | "zstd"
  /** Lines passed over at each file's beginning. */
  ignoreHeader: number
  ignoreBlankLines: boolean
  /** A field that is exactly this is null. */
  nullAs: string
  /** Missing fields at a line's end are null. */
  fillRecord: boolean
  /** Stands in the place of characters that are no UTF-8; undefined: they are errors. */
  acceptInvalidCharacters: string | undefined
  acceptAnyDate: boolean
  blanksAsNull: boolean
  emptyAsNull: boolean
  trimBlanks: boolean
  /** Texts that are too long for their column are cut. */
  truncateColumns?: boolean
  /** Decimals are rounded rather than cut. */
  roundDecimals: boolean
  dateFormat: TimeForm
  timeFormat: TimeForm
  /** Rows with errors that are passed over; more end the load. */
  maxErrors: number
}

export type CopyFormat =
  | { kind: "csv"; delimiter: string; quote: string }
  | { kind: "text"; delimiter: string; escape: boolean; removeQuotes: boolean }
  /** Members by the columns' names. */
  | { kind: "json"; ignoreCase: boolean }
  /** Each object as it is, in the only column. */
  | { kind: "jsonWhole" }
  /** `s3://…` of the file that says which member goes to which column. */
  | { kind: "jsonPaths"; pathsFile: string }
  | { kind: "parquet" }

/** How dates and times are written: as ISO 8601, in any usual way, as a count, or by a strptime pattern. */
export type TimeForm =
  | { kind: "iso" }
  | { kind: "auto" }
  | { kind: "epochSeconds" }
  | { kind: "epochMilliseconds" }
  | { kind: "pattern"; strptime: string; shown: string }

/** MAXERROR's highest; IGNOREALLERRORS is beyond. */
export const maxErrorsAtMost = 100_000
export const ignoreAllErrors = Number.POSITIVE_INFINITY

export const usualCopyOptions: CopyOptions = {
  format: { kind: "text", delimiter: "|", escape: false, removeQuotes: false },
  compression: "none",
  ignoreHeader: 0,
  ignoreBlankLines: false,
  nullAs: "\\N",
  fillRecord: false,
  acceptInvalidCharacters: undefined,
  acceptAnyDate: false,
  blanksAsNull: false,
  emptyAsNull: false,
  trimBlanks: false,
  roundDecimals: false,
  dateFormat: { kind: "iso" },
  timeFormat: { kind: "iso" },
  maxErrors: 0,
}

/** A place in a bucket: everything whose key begins with `prefix`. */
export interface ObjectPlace {
  bucket: string
  prefix: string
}

/** Undefined: not of the form `s3://bucket/prefix`. */
export function parseObjectUrl(url: string): ObjectPlace | undefined {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/?([\s\S]{0,1024})$/.exec(url)
  return match === null ? undefined : { bucket: match[1] ?? "", prefix: match[2] ?? "" }
}

/** A row that could not be loaded, or why a file could not be. */
export interface LoadError {
  bucket: string
  key: string
  /** Of the file, from 1; 0: the file as a whole. */
  line: number
  column: string
  columnType: string
  columnLength: string
  /** In the field, in characters from 0. */
  position: number
  rawLine: string
  rawValue: string
  code: number
  reason: string
}

/** The warehouse's own numbers for what can be wrong with a row, those of the cloud. */
export const loadErrorCodes = {
  unknown: 1200,
  tooManyColumns: 1202,
  tooFewColumns: 1203,
  outOfRange: 1204,
  date: 1205,
  timestamp: 1206,
  digit: 1207,
  float: 1208,
  decimal: 1209,
  boolean: 1210,
  fileNotFound: 1212,
  notNull: 1213,
  delimiter: 1214,
  invalidLine: 1216,
  invalidUtf8: 1220,
} as const
