/** Milliseconds since 1970; undefined: the text is not of the form. */
export type DateReader = (text: string) => number | undefined

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/** By the first letter of a part of a pattern: what may stand there, in a group of the letter's name. */
const parts: Record<string, (length: number) => string> = {
  y: (length) => (length === 2 ? "(?<yy>\\d{2})" : "(?<y>\\d{4})"),
  M: (length) => (length >= 3 ? "(?<mmm>[A-Za-z]{3})[a-z]*" : "(?<M>\\d{1,2})"),
  d: () => "(?<d>\\d{1,2})",
  H: () => "(?<H>\\d{1,2})",
  h: () => "(?<h>\\d{1,2})",
  m: () => "(?<m>\\d{1,2})",
  s: () => "(?<s>\\d{1,2})",
  S: () => "(?<S>\\d{1,9})",
  a: () => "(?<a>[AaPp][Mm])",
  E: () => "[A-Za-z]{3,9}",
  X: () => "(?<zone>Z|[+-]\\d{2}(?::?\\d{2})?)",
  Z: () => "(?<zone>Z|[+-]\\d{2}:?\\d{2})",
  z: () => "(?<zone>UTC|GMT|Z)",
}

const patternCharactersAtMost = 255

/**
 * Reads dates by a pattern of Java's SimpleDateFormat, with the letters y M d H h m s S a E X Z z and text in single quotes. Without a zone
 * a time is of UTC; two digits of a year are of 2000 to 2099. Undefined: the pattern has other letters, or one of these twice.
 */
export function dateFormat(pattern: string): DateReader | undefined {
  if (pattern.length > patternCharactersAtMost) return undefined
  const pieces = pattern.match(/'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+/g) ?? []
  if (pieces.join("") !== pattern) return undefined
  const sources = pieces.map(sourceOf)
  const letters = pieces.filter((piece) => /^[A-Za-z]/.test(piece)).map((piece) => piece.charAt(0))
  const zones = letters.filter((letter) => "XZz".includes(letter))
  if (sources.includes(undefined) || new Set(letters).size < letters.length || zones.length > 1)
    return undefined
  const form = new RegExp(`^${sources.join("")}$`)
  return (text) => {
    const groups = form.exec(text.trim())?.groups
    return groups && timeOf(groups)
  }
}

function sourceOf(piece: string): string | undefined {
  if (/^[A-Za-z]/.test(piece)) {
    const letter = piece.charAt(0)
    return Object.hasOwn(parts, letter) ? parts[letter]?.(piece.length) : undefined
  }
  const text = piece.startsWith("'") ? piece.slice(1, -1).replaceAll("''", "'") || "'" : piece
  return text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")
}

type Groups = Record<string, string | undefined>

/** Undefined: there is no such day or time. */
function timeOf(groups: Groups): number | undefined {
  const { y, yy, M, mmm, d = "1", m = "0", s = "0", S = "", zone } = groups
  const year = Number(y ?? (yy === undefined ? "1970" : `20${yy}`))
  const month = mmm === undefined ? Number(M ?? "1") - 1 : months.indexOf(mmm.toLowerCase())
  const hour = hourOf(groups)
  const milliseconds = Math.floor(Number(`0.${S || "0"}`) * 1_000)
  const day = new Date(Date.UTC(year, month, Number(d)))
  const isDay = month >= 0 && day.getUTCMonth() === month && day.getUTCDate() === Number(d)
  if (!isDay || hour > 23 || Number(m) > 59 || Number(s) > 59) return undefined
  return day.getTime() + ((hour * 60 + Number(m) - zoneMinutes(zone)) * 60 + Number(s)) * 1_000 + milliseconds
}

function hourOf({ H, h, a }: Groups): number {
  if (h === undefined) return Number(H ?? "0")
  return (Number(h) % 12) + (a?.toLowerCase() === "pm" ? 12 : 0)
}

function zoneMinutes(zone: string | undefined): number {
  const found = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone ?? "")
  if (found === null) return 0
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? "0")
  return found[1] === "-" ? -minutes : minutes
}
