/** The text PostgreSQL prints for a value, so that its drivers can read it back. */
import { dateOfDays } from "../../../replication/values/days.ts"

const microsPerSecond = 1_000_000n
const microsPerDay = 86_400n * microsPerSecond
const infinityMicros = 9223372036854775807n
const infinityDays = 2147483647

function pad(value: number | bigint, width: number): string {
  return String(value).padStart(width, "0")
}

/** Shortest digits that round-trip, laid out as PostgreSQL does: exponent form below 1e-4 and from `digits` digits up. */
function layOut(text: string, value: number, digits: number): string {
  if (Number.isNaN(value)) return "NaN"
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity"
  if (Object.is(value, -0)) return "-0"
  if (value === 0) return "0"
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text)
  if (!match) return text
  const [, sign = "", whole = "", fraction = "", exponentText = "0"] = match
  const significant = (whole + fraction).replace(/^0+/, "")
  const leadingZeros = (whole + fraction).length - significant.length
  const exponent = whole.length - 1 - leadingZeros + Number(exponentText)
  const mantissa = significant.replace(/0+$/, "")
  if (exponent < -4 || exponent >= digits) {
    const tail = mantissa.length > 1 ? `.${mantissa.slice(1)}` : ""
    return `${sign}${mantissa[0]}${tail}e${exponent < 0 ? "-" : "+"}${pad(Math.abs(exponent), 2)}`
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${mantissa}`
  const padded = mantissa.padEnd(exponent + 1, "0")
  const tail = padded.length > exponent + 1 ? `.${padded.slice(exponent + 1)}` : ""
  return `${sign}${padded.slice(0, exponent + 1)}${tail}`
}

export function float64Text(value: number): string {
  return layOut(String(value), value, 15)
}

/** A float4 arrives as a double: the fewest digits that come back to the same float4 are wanted. */
export function float32Text(value: number): string {
  for (let precision = 1; precision < 9; precision++) {
    const text = value.toPrecision(precision)
    if (Math.fround(Number(text)) === value) return layOut(String(Number(text)), value, 6)
  }
  return layOut(String(Number(value.toPrecision(9))), value, 6)
}

/** The date, and the ` BC` that belongs after everything else. */
function dateParts(days: number): [string, string] {
  const { year, month, day } = dateOfDays(days)
  const shownYear = year > 0 ? year : 1 - year
  return [`${pad(shownYear, 4)}-${pad(month, 2)}-${pad(day, 2)}`, year > 0 ? "" : " BC"]
}

export function dateText(days: number): string {
  if (days === infinityDays) return "infinity"
  if (days === -infinityDays) return "-infinity"
  return dateParts(days).join("")
}

export function timeText(micros: bigint): string {
  const seconds = Number(micros / microsPerSecond)
  const fraction = Number(micros % microsPerSecond)
  const tail = fraction === 0 ? "" : `.${pad(fraction, 6).replace(/0+$/, "")}`
  return `${pad(Math.floor(seconds / 3600), 2)}:${pad(Math.floor(seconds / 60) % 60, 2)}:${pad(seconds % 60, 2)}${tail}`
}

export function offsetText(seconds: number): string {
  const absolute = Math.abs(seconds)
  const parts = [Math.floor(absolute / 3600), Math.floor(absolute / 60) % 60, absolute % 60]
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop()
  return (seconds < 0 ? "-" : "+") + parts.map((part) => pad(part, 2)).join(":")
}

/** Microseconds since 1970; `offset`: what is shown with it, in seconds east of UTC. */
export function timestampText(instant: bigint, offset?: number): string {
  if (instant === infinityMicros) return "infinity"
  if (instant === -infinityMicros) return "-infinity"
  const micros = instant + BigInt(offset ?? 0) * microsPerSecond
  const zone = offset === undefined ? "" : offsetText(offset)
  const inDay = ((micros % microsPerDay) + microsPerDay) % microsPerDay
  const [date, era] = dateParts(Number((micros - inDay) / microsPerDay))
  return `${date} ${timeText(inDay)}${zone}${era}`
}

/** PostgreSQL's own style: `1 year 2 mons -3 days +04:05:06.789`. */
export function intervalText(months: number, days: number, micros: bigint): string {
  const parts: string[] = []
  let negativeBefore = false
  function add(value: number, one: string, many: string): void {
    if (value === 0) return
    const plus = negativeBefore && value > 0 ? "+" : ""
    parts.push(`${plus}${value} ${value === 1 ? one : many}`)
    negativeBefore = value < 0
  }
  add(Math.trunc(months / 12), "year", "years")
  add(months % 12, "mon", "mons")
  add(days, "day", "days")
  if (micros !== 0n || parts.length === 0) {
    const sign = micros < 0n ? "-" : negativeBefore ? "+" : ""
    parts.push(`${sign}${timeText(micros < 0n ? -micros : micros)}`)
  }
  return parts.join(" ")
}

/** ISO 8601 with designators, as `SET IntervalStyle = iso_8601` has it: `P1Y2M-3DT4H5M6.789S`. */
export function isoIntervalText(months: number, days: number, micros: bigint): string {
  const part = (value: number | bigint, unit: string) => (Number(value) === 0 ? "" : `${value}${unit}`)
  const date = part(Math.trunc(months / 12), "Y") + part(months % 12, "M") + part(days, "D")
  const minutes = micros / (60n * microsPerSecond)
  const rest = micros % (60n * microsPerSecond)
  const time =
    part(minutes / 60n, "H") + part(minutes % 60n, "M") + (rest === 0n ? "" : `${secondsText(rest)}S`)
  return date === "" && time === "" ? "PT0S" : `P${date}${time === "" ? "" : `T${time}`}`
}

function secondsText(micros: bigint): string {
  const absolute = micros < 0n ? -micros : micros
  const fraction = absolute % microsPerSecond
  const tail = fraction === 0n ? "" : `.${pad(fraction, 6).replace(/0+$/, "")}`
  return `${micros < 0n ? "-" : ""}${absolute / microsPerSecond}${tail}`
}

/** One element of an array literal, quoted when it must be. */
export function arrayElementText(text: string | null): string {
  if (text === null) return "NULL"
  if (text !== "" && !/[{}",\\\s]/.test(text) && text.toLowerCase() !== "null") return text
  return `"${text.replace(/["\\]/g, "\\$&")}"`
}
