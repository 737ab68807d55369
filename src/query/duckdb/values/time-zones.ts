/** Seconds east of UTC at an instant, given in microseconds since 1970. */
export type ZoneOffset = (micros: bigint) => number

export const utcOffset: ZoneOffset = () => 0

const dayMs = 86_400_000
/** Of one zone; beyond, all are found anew. */
const daysKept = 20_000
/** JavaScript's own; beyond, the zone's first and last known rules go on. */
const furthestMs = 8.64e15

const utcNames = /^(utc|etc\/utc|gmt|z|zulu|default|[+-]?0+(:00)?)$/i

/**
 * A zone's name as the engine knows it, from what SET TimeZone may be given: a name, hours east of UTC (`-5`), or POSIX
 * (`GMT-02`, two hours *east*; JDBC says it so). undefined: there is none.
 */
export function zoneName(given: string): string | undefined {
  const text = given.trim()
  if (utcNames.test(text)) return "UTC"
  const hours = /^([+-]?)(\d{1,2})$/.exec(text)
  if (hours) return fixedZone(hours[1] === "-" ? "+" : "-", Number(hours[2]))
  const posix = /^(?:gmt|utc)([+-])0?(\d{1,2})(?::00)?$/i.exec(text)
  if (posix) return fixedZone(posix[1] === "-" ? "-" : "+", Number(posix[2]))
  return /^[A-Za-z]/.test(text) && knownZone(text) ? text : undefined
}

/** Etc's names have POSIX's sign. */
function fixedZone(sign: "+" | "-", hours: number): string | undefined {
  const name = `Etc/GMT${sign}${hours}`
  return knownZone(name) ? name : undefined
}

function knownZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

const zones = new Map<string, ZoneOffset>()

/** The offsets of a zone that `zoneName` gave. There are some hundred zones: each is kept. */
export function zoneOffset(zone: string): ZoneOffset {
  if (zone === "UTC") return utcOffset
  const known = zones.get(zone) ?? offsetsByDay(zone)
  zones.set(zone, known)
  return known
}

/** What the days of a zone look like: nearly all have one offset from beginning to end. */
interface Day {
  before: number
  /** Milliseconds since 1970 from which `after` holds. */
  changesMs: number
  after: number
}

function offsetsByDay(zone: string): ZoneOffset {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset" })
  const days = new Map<number, Day>()

  function ask(ms: number): number {
    const clamped = Math.max(-furthestMs, Math.min(furthestMs, ms))
    const text = format.formatToParts(clamped).find(({ type }) => type === "timeZoneName")?.value ?? ""
    const match = /^GMT([+-])(\d+):(\d+)(?::(\d+))?$/.exec(text)
    if (!match) return 0
    const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60 + Number(match[4] ?? 0)
    return match[1] === "-" ? -seconds : seconds
  }

  function look(day: number): Day {
    const [startMs, endMs] = [day * dayMs, (day + 1) * dayMs]
    const [before, after] = [ask(startMs), ask(endMs)]
    let [low, high] = [startMs, endMs]
    while (before !== after && high - low > 1000) {
      const middle = Math.floor((low + high) / 2000) * 1000
      if (ask(middle) === before) low = middle
      else high = middle
    }
    return { before, changesMs: high, after }
  }

  return (micros) => {
    const ms = Number(micros / 1000n)
    const number = Math.floor(ms / dayMs)
    let day = days.get(number)
    if (day === undefined) {
      if (days.size >= daysKept) days.clear()
      day = look(number)
      days.set(number, day)
    }
    return ms < day.changesMs ? day.before : day.after
  }
}
