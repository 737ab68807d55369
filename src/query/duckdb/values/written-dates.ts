/** Dates in the forms that Redshift's reference lists, as ISO 8601 has them. */
const monthNames = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ")

function monthOf(name: string): string | undefined {
  const at = monthNames.indexOf(name.slice(0, 3).toLowerCase())
  return at < 0 ? undefined : String(at + 1)
}

/** Two digits are years of 1970 to 2069. */
function yearOf(text: string): string {
  if (text.length > 2) return text.padStart(4, "0")
  return `${Number(text) < 70 ? "20" : "19"}${text.padStart(2, "0")}`
}

interface Form {
  pattern: RegExp
  /** Groups of the pattern in the order year, month, day. */
  order: readonly [number, number, number]
}

const separator = "[-/. ]"
const forms: readonly Form[] = [
  { pattern: /^(\d{4})(\d{2})(\d{2})$/, order: [1, 2, 3] },
  { pattern: new RegExp(`^(\\d{4})${separator}(\\d{1,2})${separator}(\\d{1,2})$`), order: [1, 2, 3] },
  { pattern: new RegExp(`^(\\d{1,2})${separator}(\\d{1,2})${separator}(\\d{4}|\\d{2})$`), order: [3, 1, 2] },
  { pattern: /^([a-z]{3,9})\.? (\d{1,2})[, ]{1,3}(\d{4})$/i, order: [3, 1, 2] },
  { pattern: /^([a-z]{3,9})-(\d{1,2})-(\d{4}|\d{2})$/i, order: [3, 1, 2] },
  { pattern: /^(\d{1,2})[- ]([a-z]{3,9})[- ,]{1,2}(\d{4}|\d{2})$/i, order: [3, 2, 1] },
  { pattern: /^(\d{4})[- ]([a-z]{3,9})[- ](\d{1,2})$/i, order: [1, 2, 3] },
]

/** `January 8, 1999`, `01/08/1999`, `19990108` and the like as `1999-01-08`; any other text as it is. */
export function dateText(text: string): string {
  const written = text.trim()
  for (const { pattern, order } of forms) {
    const match = pattern.exec(written)
    if (match === null) continue
    const [year = "", named = "", day = ""] = order.map((at) => match[at])
    const month = /^\d/.test(named) ? named : monthOf(named)
    if (month === undefined) continue
    return `${yearOf(year)}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`
  }
  return text
}

/** The same with a time behind the date. */
export function timestampText(text: string): string {
  const written = text.trim()
  const at = /[ T](?=\d{1,2}:)/.exec(written)?.index ?? -1
  if (at < 0) {
    const compact = /^(\d{8})[ T]?(\d{2})(\d{2})(\d{2})$/.exec(written)
    return compact
      ? `${dateText(compact[1] ?? "")} ${compact[2]}:${compact[3]}:${compact[4]}`
      : dateText(written)
  }
  const date = dateText(written.slice(0, at))
  return `${date} ${timeText(written.slice(at + 1))}`
}

/** `4:05 PM` as `16:05`. */
export function timeText(text: string): string {
  const match = /^(\d{1,2}):(\d{2})(.*?)\s*([ap])\.?m\.?$/i.exec(text.trim())
  // The engine reads a zone behind seconds only.
  if (match === null) return text.replace(/^(\d):/, "0$1:").replace(/^(\d{2}:\d{2})(?=\s*([+-]|$))/, "$1:00")
  const [, hour = "", minute = "", rest = "", half = ""] = match
  const hours = (Number(hour) % 12) + (half.toLowerCase() === "p" ? 12 : 0)
  return `${String(hours).padStart(2, "0")}:${minute}${rest}`
}
