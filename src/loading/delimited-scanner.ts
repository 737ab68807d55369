/** How fields are set apart, as bytes. */
export interface Delimiting {
  delimiter: number
  /** Bytes that quote a field when they begin it. */
  quotes: readonly number[]
  /** A quote twice inside a quoted field is one. */
  isQuoteDoubled: boolean
  /** A backslash takes what follows as it is. */
  hasEscapes: boolean
}

export const fieldKinds = { plain: 0, quoted: 1, escaped: 2, doubled: 4 } as const

/** The fields of the record scanned last: ranges in the buffer, quotes left out. */
export interface ScannedRecord {
  count: number
  starts: number[]
  ends: number[]
  /** Sums of `fieldKinds`. */
  kinds: number[]
  /** Line ends inside. */
  innerLines: number
  /** Past its line end. */
  next: number
  isBroken: boolean
}

const newline = 10
const carriageReturn = 13
const backslash = 92

export function newScannedRecord(): ScannedRecord {
  return { count: 0, starts: [], ends: [], kinds: [], innerLines: 0, next: 0, isBroken: false }
}

/** Scans one record from `from` into `record`; false: its end is not in the buffer yet. */
export function scanRecord(
  buffer: Buffer,
  from: number,
  isLast: boolean,
  form: Delimiting,
  record: ScannedRecord,
): boolean {
  record.count = 0
  record.innerLines = 0
  record.isBroken = false
  for (let at = from; ; ) {
    const isQuoted = at < buffer.length && form.quotes.includes(buffer[at] ?? 0)
    const end = isQuoted
      ? scanQuoted(buffer, at, isLast, form, record)
      : scanPlain(buffer, at, at, fieldKinds.plain, isLast, form, record)
    if (end < 0) return false
    if (end < buffer.length && buffer[end] === form.delimiter && !record.isBroken) {
      at = end + 1
      continue
    }
    record.next = Math.min(end + 1, buffer.length)
    return true
  }
}

function endField(record: ScannedRecord, start: number, end: number, kind: number): void {
  record.starts[record.count] = start
  record.ends[record.count] = end
  record.kinds[record.count++] = kind
}

/** Where the delimiter or the line end stands; -1: not in the buffer yet. */
function scanPlain(
  buffer: Buffer,
  start: number,
  from: number,
  kind: number,
  isLast: boolean,
  { delimiter, hasEscapes }: Delimiting,
  record: ScannedRecord,
): number {
  let kinds = kind
  let at = from
  let escapedAt = -1
  for (; at < buffer.length; at++) {
    const byte = buffer[at]
    if (byte === delimiter || byte === newline) break
    if (hasEscapes && byte === backslash) {
      kinds |= fieldKinds.escaped
      escapedAt = ++at
      if (buffer[at] === newline) record.innerLines++
    }
  }
  if (at >= buffer.length && !isLast) return -1
  const end = Math.min(at, buffer.length)
  const isLineEnd = end === buffer.length || buffer[end] === newline
  const hasReturn = isLineEnd && end - 1 > escapedAt && end > start && buffer[end - 1] === carriageReturn
  endField(record, start, hasReturn ? end - 1 : end, kinds)
  return end
}

/** As above; a quote that nothing closes, or that is followed by more, breaks the record at its line's end. */
function scanQuoted(
  buffer: Buffer,
  open: number,
  isLast: boolean,
  form: Delimiting,
  record: ScannedRecord,
): number {
  const quote = buffer[open]
  let kinds: number = fieldKinds.quoted
  let lines = 0
  let at = open + 1
  for (; at < buffer.length; at++) {
    const byte = buffer[at]
    if (byte === newline) lines++
    if (form.hasEscapes && byte === backslash) {
      kinds |= fieldKinds.escaped
      if (buffer[++at] === newline) lines++
    } else if (byte === quote) {
      if (!form.isQuoteDoubled || buffer[at + 1] !== quote) break
      kinds |= fieldKinds.doubled
      at++
    }
  }
  // What follows the quote decides whether it closes.
  if (at + 2 >= buffer.length && !isLast) return -1
  if (at >= buffer.length) return broken(buffer, open, isLast, record)
  let after = at + 1
  if (buffer[after] === carriageReturn && (after + 1 >= buffer.length || buffer[after + 1] === newline))
    after++
  const isEnd = after >= buffer.length || buffer[after] === form.delimiter || buffer[after] === newline
  if (!isEnd) return broken(buffer, open, isLast, record)
  record.innerLines += lines
  endField(record, open + 1, at, kinds)
  return after
}

function broken(buffer: Buffer, open: number, isLast: boolean, record: ScannedRecord): number {
  record.isBroken = true
  const end = buffer.indexOf(newline, open)
  if (end < 0 && !isLast) return -1
  endField(record, open, end < 0 ? buffer.length : end, fieldKinds.plain)
  return end < 0 ? buffer.length : end
}
