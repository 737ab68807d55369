import type { TriggerLimits, TriggerPeriod } from "./trigger.ts"

/** Whether the object of `eventAtMs` is too old to trigger anything at `nowMs`; both in ms since 1970. */
export function isExpired(limits: TriggerLimits | undefined, eventAtMs: number, nowMs: number): boolean {
  const { EventExpiration: mostMs } = limits ?? {}
  return mostMs !== undefined && nowMs - eventAtMs > mostMs
}

/** When the longest of the periods that limit anything begins: what was before does not count. Undefined: nothing is limited. */
export function countedSince(limits: TriggerLimits | undefined, nowMs: number): number | undefined {
  const begins = limiting(limits).map((period) => beginOf(period, nowMs))
  return begins.length === 0 ? undefined : Math.min(...begins)
}

/** Whether the trigger may fire at `nowMs` for a profile for which it fired at `firedAtMs`, in any order. */
export function isWithinPeriods(
  limits: TriggerLimits | undefined,
  firedAtMs: readonly number[],
  nowMs: number,
): boolean {
  return limiting(limits).every((period) => {
    const since = beginOf(period, nowMs)
    return firedAtMs.filter((at) => at > since).length < (period.MaxInvocationsPerProfile ?? 1)
  })
}

function limiting(limits: TriggerLimits | undefined): TriggerPeriod[] {
  return (limits?.Periods ?? []).filter(({ Unlimited }) => Unlimited !== true)
}

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

function beginOf({ Unit, Value }: TriggerPeriod, nowMs: number): number {
  switch (Unit) {
    case "MINUTES":
      return nowMs - Value * minuteMs
    case "HOURS":
      return nowMs - Value * hourMs
    case "DAYS":
      return nowMs - Value * dayMs
    case "WEEKS":
      return nowMs - Value * 7 * dayMs
    case "MONTHS":
      return monthsBefore(nowMs, Value)
  }
}

/** The same day of an earlier month, in UTC; the month's last one where it has no such day. */
function monthsBefore(nowMs: number, months: number): number {
  const now = new Date(nowMs)
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() - months]
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const dayStartMs = Date.UTC(year, month, Math.min(now.getUTCDate(), lastDay))
  return dayStartMs + (nowMs % dayMs)
}
