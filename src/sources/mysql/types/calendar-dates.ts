import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import { type ColumnBuffer, putInt32, putInt64, putSafeInteger } from "../../../replication/values/columns.ts"
import { daysOfDate } from "../../../replication/values/days.ts"

const dayMicros = 86_400_000_000
// Within these days from 1970 a timestamp in microseconds is an exact JavaScript number.
const safeDays = 100_000

function lastDayOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
}

/** These servers hold dates that are none: with zeroes in them, or a 31st of February. */
function realDate(year: number, month: number, day: number): number {
  if (year === 0 || month === 0 || day === 0) throw new UnrepresentableValue("a date with a zero in it")
  if (day > 28 && day > lastDayOf(year, month))
    throw new UnrepresentableValue("a date that is in no calendar")
  return daysOfDate(year, month, day)
}

export function putDate(column: ColumnBuffer, year: number, month: number, day: number): void {
  putInt32(column, realDate(year, month, day))
}

export function putTimestamp(
  column: ColumnBuffer,
  year: number,
  month: number,
  day: number,
  microsOfDay: number,
): void {
  const days = realDate(year, month, day)
  if (days > -safeDays && days < safeDays) putSafeInteger(column, days * dayMicros + microsOfDay)
  else putInt64(column, BigInt(days) * BigInt(dayMicros) + BigInt(microsOfDay))
}
