/** Figures and times as people read them. Times are in the viewer's zone; `utcOf` is shown on hover. */

const none = "–"

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const tenth = new Intl.NumberFormat("en-US", { maximumFractionDigits: 1 })
const short = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 })

export function countText(value: number | null): string {
  return value === null ? none : whole.format(value)
}

export function shortCountText(value: number | null): string {
  if (value === null) return none
  return value < 10_000 ? whole.format(value) : short.format(value)
}

/** Of rows per second: small ones with a decimal. */
export function rateText(value: number | null): string {
  if (value === null) return none
  return value > 0 && value < 10 ? tenth.format(value) : shortCountText(value)
}

/** A length of time: `850 ms`, `3.2 s`, `4 min`, `2 h 5 min`, `3 d 4 h`. */
export function durationText(ms: number | null): string {
  if (ms === null) return none
  if (ms < 1_000) return `${whole.format(ms)} ms`
  const seconds = ms / 1_000
  if (seconds < 60) return `${seconds < 10 ? tenth.format(seconds) : whole.format(seconds)} s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** An age, in steps of a second: it must not flicker. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  return seconds < 60 ? `${seconds} s` : durationText(seconds * 1_000)
}

const units = ["B", "kB", "MB", "GB", "TB", "PB"]

/** In steps of 1,000. */
export function bytesText(bytes: number | null): string {
  if (bytes === null) return none
  const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1)
  return `${step === 0 ? whole.format(bytes) : tenth.format(bytes / 1000 ** step)} ${units[step]}`
}

const timeOfDay = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" })
const dateAndTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" })

/** Today only the time, otherwise with the date. */
export function timeText(atMs: number, nowMs: number): string {
  const at = new Date(atMs)
  return at.toDateString() === new Date(nowMs).toDateString() ? timeOfDay.format(at) : dateAndTime.format(at)
}

export function utcOf(atMs: number): string {
  return `${new Date(atMs)
    .toISOString()
    .replace("T", " ")
    .replace(/\.\d+Z/, "")} UTC`
}

/** `40 %`; below 100 % it is never rounded up to 100. */
export function percentText(part: number, all: number): string {
  if (all <= 0) return none
  const percent = (100 * part) / all
  return `${percent >= 100 ? 100 : Math.min(99, Math.floor(percent))} %`
}
