import { UnrepresentableValue } from "../../../replication/contracts/unrepresentable-value.ts"
import type { ColumnBuffer } from "../../../replication/values/columns.ts"
import { putInt32, putInt64, putSafeInteger } from "../../../replication/values/columns.ts"

const int64Max = 2n ** 63n - 1n
const dayMicros = 86_400_000_000
// Within these days from 1970 a timestamp in microseconds is an exact JavaScript number.
const safeDays = 100_000

/** Dates and timestamps: "infinity" is the largest value of its integer, "-infinity" that value negated. */
export function putInfiniteDate(column: ColumnBuffer, negative: boolean): void {
  putInt32(column, negative ? -2147483647 : 2147483647)
}

export function putInfiniteTimestamp(column: ColumnBuffer, negative: boolean): void {
  putInt64(column, negative ? -int64Max : int64Max)
}

/** `days` since 1970-01-01 and microseconds of the day. Throws UnrepresentableValue after the year 294247, where 64 bits end. */
export function putTimestamp(column: ColumnBuffer, days: number, microsOfDay: number): void {
  if (days > -safeDays && days < safeDays) return putSafeInteger(column, days * dayMicros + microsOfDay)
  const micros = BigInt(days) * BigInt(dayMicros) + BigInt(microsOfDay)
  if (micros >= int64Max) throw new UnrepresentableValue("a timestamp after the year 294247")
  putInt64(column, micros)
}
