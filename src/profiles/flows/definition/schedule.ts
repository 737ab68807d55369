/** Schedules of flows: `rate(5minutes)`, with or without blanks. All times are milliseconds since 1970, UTC. */
import type { ScheduledTrigger } from "./flow-definition.ts"

const unitsMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000, week: 604_800_000 } as const

/** A month has no fixed length: it is counted by the calendar. */
export type Rate = { unit: "fixed"; everyMs: number } | { unit: "months"; months: number }

/** `undefined`: it is no rate. */
export function parseRate(text: string): Rate | undefined {
  const found = /^\s*rate\(\s*([1-9]\d{0,5})\s*(minute|hour|day|week|month)s?\s*\)\s*$/i.exec(text)
  if (found === null) return undefined
  const count = Number(found[1])
  const unit = (found[2] ?? "").toLowerCase()
  if (unit === "month") return { unit: "months", months: count }
  return { unit: "fixed", everyMs: count * unitsMs[unit as keyof typeof unitsMs] }
}

/** The `count`th time after `fromMs`. */
function later(fromMs: number, every: Rate, count: number): number {
  if (every.unit === "fixed") return fromMs + every.everyMs * count
  const from = new Date(fromMs)
  const months = from.getUTCMonth() + every.months * count
  const daysThere = new Date(Date.UTC(from.getUTCFullYear(), months + 1, 0)).getUTCDate()
  // The 31st of January plus a month is the last day of February.
  const day = Math.min(from.getUTCDate(), daysThere)
  return Date.UTC(from.getUTCFullYear(), months, day) + (fromMs % unitsMs.day)
}

/**
 * The newest time of the schedule that is not after `nowMs`, for which no run began yet; `undefined`: nothing is due. Times that were
 * missed are one run, which reads what all of them would have.
 *
 * @param madeMs when the flow was made: from then on the times count where the schedule has no start
 * @param lastMs the time of the newest run; `undefined`: there was none
 */
export function dueTime(
  { every, startMs, endMs, offsetMs }: ScheduledTrigger,
  { madeMs, lastMs, nowMs }: { madeMs: number; lastMs: number | undefined; nowMs: number },
): number | undefined {
  const fromMs = startMs ?? madeMs
  const latestMs = Math.min(nowMs - offsetMs, endMs ?? Number.POSITIVE_INFINITY)
  if (latestMs < fromMs) return undefined
  const dueMs = later(fromMs, every, timesBetween(fromMs, latestMs, every))
  return lastMs !== undefined && lastMs >= dueMs ? undefined : dueMs
}

/** How many whole intervals fit between; at least 0. */
function timesBetween(fromMs: number, toMs: number, every: Rate): number {
  if (every.unit === "fixed") return Math.floor((toMs - fromMs) / every.everyMs)
  let count = Math.max(0, Math.floor((toMs - fromMs) / (31 * unitsMs.day * every.months)))
  while (later(fromMs, every, count + 1) <= toMs) count++
  return count
}
