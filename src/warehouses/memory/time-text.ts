import { dateOfDays } from "../../replication/values/days.ts"

const infiniteDays = 2_147_483_647
const infiniteMicros = 9_223_372_036_854_775_807n
const dayMicros = 86_400_000_000n

/** `days` since 1970-01-01, in ISO form; years before 1 as ` BC`. */
export function dateText(days: number): string {
  if (Math.abs(days) === infiniteDays) return days > 0 ? "infinity" : "-infinity"
  const { text, isBc } = civil(days)
  return isBc ? `${text} BC` : text
}

/** `micros` since 1970-01-01 UTC; `zone` is put behind the time. */
export function timestampText(micros: bigint, zone: string): string {
  if (micros === infiniteMicros || micros === -infiniteMicros) return micros > 0n ? "infinity" : "-infinity"
  const ofDay = ((micros % dayMicros) + dayMicros) % dayMicros
  const { text, isBc } = civil(Number((micros - ofDay) / dayMicros))
  return `${text} ${timeText(ofDay)}${zone}${isBc ? " BC" : ""}`
}

function timeText(micros: bigint): string {
  const seconds = Number(micros / 1_000_000n)
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0")
  const time = `${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`
  const fraction = (micros % 1_000_000n).toString().padStart(6, "0").replace(/0+$/, "")
  return fraction === "" ? time : `${time}.${fraction}`
}

function civil(days: number): { text: string; isBc: boolean } {
  const { year, month, day } = dateOfDays(days)
  const isBc = year <= 0
  const pad = (value: number, width: number) => String(value).padStart(width, "0")
  return { text: `${pad(isBc ? 1 - year : year, 4)}-${pad(month, 2)}-${pad(day, 2)}`, isBc }
}
