/** Dates and times as files write them, as SQL that answers ISO text, or null where a field is not of the form. It never fails. */
import type { TimeForm } from "../../../domain/copy.ts"
import { unreachable } from "../../../domain/unreachable.ts"
import { autoDates, autoTimes } from "../../../loading/refusals.ts"
import { quoteLiteral } from "../quoting.ts"

const isoDate = "[0-9]{4,6}([-/ ])[0-9]{1,2}\\1[0-9]{1,2}"
const isoTime = "[ T][0-9]{1,2}:[0-9]{1,2}(:[0-9]{1,2}([.][0-9]+)?)?"
const zone = " ?(Z|[+-][0-9]{2}(:?[0-9]{2})?|[A-Za-z]+(/[A-Za-z_/+-]+[0-9]*)?)"
const isIso = (field: string) =>
  `${field} ~ ${quoteLiteral(`^(?:${isoDate}(?:${isoTime}(?:${zone})?)?|-?infinity)$`)}`
/** @returns text that the server reads as a date or a timestamp; the caller casts it */
export function isoText(field: string, form: TimeForm): string {
  switch (form.kind) {
    case "iso":
      return `CASE WHEN ${isIso(field)} THEN ${field} END`
    case "pattern":
      return patternText(field, form.strptime)
    case "epochSeconds":
      return epochText(field, { digits: 11, unitMicros: 1_000_000 })
    case "epochMilliseconds":
      return epochText(field, { digits: 14, unitMicros: 1_000 })
    case "auto":
      return autoText(field)
    default:
      return unreachable(form)
  }
}

/** What lies beyond the year 5000 is no count of this kind. Days and the rest of the day apart: floating point holds both exactly. */
function epochText(field: string, { digits, unitMicros }: { digits: number; unitMicros: number }): string {
  const micros = `round(${field}::numeric * ${unitMicros})`
  const day = "86400000000"
  const moment = `timestamp 'epoch' + floor(${micros} / ${day})::int * interval '1 day' + (${micros} - floor(${micros} / ${day}) * ${day})::float8 * interval '1 microsecond'`
  return `CASE WHEN ${field} ~ '^[+-]?[0-9]{1,${digits}}([.][0-9]{0,9})?$' THEN (${moment})::text END`
}

function autoText(field: string): string {
  const patterns = autoDates.flatMap((date) => [date, ...autoTimes.map((time) => `${date} ${time}`)])
  return `coalesce(CASE WHEN ${isIso(field)} THEN ${field} END, ${patterns.map((one) => patternText(field, one)).join(", ")})`
}

const monthNames = [
  ["january", "february", "march", "april", "may", "june"],
  ["july", "august", "september", "october", "november", "december"],
].flat()
const dayNames = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
const short = (names: readonly string[]) => names.map((name) => name.slice(0, 3))

/** What each directive of strptime matches; what is in parentheses is kept. */
const directives = new Map(
  Object.entries({
    Y: "([0-9]{1,4})",
    y: "([0-9]{1,2})",
    m: "([0-9]{1,2})",
    d: "([0-9]{1,2})",
    j: "([0-9]{1,3})",
    H: "([0-9]{1,2})",
    I: "([0-9]{1,2})",
    M: "([0-9]{1,2})",
    S: "([0-9]{1,2})",
    f: "([0-9]{1,9})",
    g: "([0-9]{1,3})",
    p: "(am|pm)",
    B: `(${monthNames.join("|")})`,
    b: `(${short(monthNames).join("|")})`,
    A: `(${dayNames.join("|")})`,
    a: `(${short(dayNames).join("|")})`,
  }),
)

interface Pattern {
  /** Of the server's regular expressions. */
  expression: string
  /** Directive of each group. */
  groups: string[]
}

function patternOf(strptime: string): Pattern {
  const groups: string[] = []
  let expression = ""
  for (const [, directive, literal = ""] of strptime.matchAll(/%(.)|([^%])/gsu)) {
    const matched = directive === undefined ? undefined : directives.get(directive)
    if (directive !== undefined && matched !== undefined) groups.push(directive)
    expression +=
      matched ??
      (directive ?? literal)
        .replaceAll(/[^A-Za-z0-9]/gu, "[$&]")
        .replace("[^]", "\\^")
        .replace("[\\]", "\\\\")
  }
  return { expression: `^ *${expression} *$`, groups }
}

function patternText(field: string, strptime: string): string {
  const { expression, groups } = patternOf(strptime)
  const value = (directive: string) => {
    const at = groups.indexOf(directive)
    return at < 0 ? undefined : `m[${at + 1}]`
  }
  const text = `${dateText(value)} || ' ' || ${timeText(value)}`
  return `(SELECT ${text} FROM regexp_match(${field}, ${quoteLiteral(expression)}, 'i') AS m WHERE m IS NOT NULL)`
}

type Value = (directive: string) => string | undefined

/** What a pattern does not name is as of 1900-01-01, as strptime has it. */
function dateText(value: Value): string {
  const [two, dayOfYear, name] = [value("y"), value("j"), value("b") ?? value("B")]
  const century = two && `(CASE WHEN ${two}::int < 69 THEN 2000 ELSE 1900 END + ${two}::int)::text`
  const year = value("Y") ?? century ?? "'1900'"
  if (dayOfYear !== undefined)
    return `CASE WHEN ${year}::int > 0 AND ${dayOfYear}::int BETWEEN 1 AND 366 THEN to_char(make_date(${year}::int, 1, 1) + (${dayOfYear}::int - 1), 'YYYY-MM-DD') END`
  const months = short(monthNames).join("")
  const named = name && `((strpos('${months}', lower(left(${name}, 3))) + 2) / 3)::text`
  const month = value("m") ?? named ?? "'1'"
  return `lpad(${year}, 4, '0') || '-' || lpad(${month}, 2, '0') || '-' || lpad(${value("d") ?? "'1'"}, 2, '0')`
}

function timeText(value: Value): string {
  const [half, twelve] = [value("p"), value("I")]
  const ofHalf =
    half &&
    twelve &&
    `CASE WHEN ${twelve}::int BETWEEN 1 AND 12 THEN (${twelve}::int % 12 + CASE WHEN lower(${half}) = 'pm' THEN 12 ELSE 0 END)::text END`
  const hour = value("H") ?? ofHalf ?? twelve ?? "'0'"
  const milliseconds = value("g")
  const fraction = value("f") ?? (milliseconds && `lpad(${milliseconds}, 3, '0')`)
  const seconds = `lpad(${value("S") ?? "'0'"}, 2, '0')${fraction === undefined ? "" : ` || '.' || ${fraction}`}`
  return `lpad(${hour}, 2, '0') || ':' || lpad(${value("M") ?? "'0'"}, 2, '0') || ':' || ${seconds}`
}
