/** When the identity resolution job of a domain runs, as the API names the members. */
export interface JobSchedule {
  readonly DayOfTheWeek: (typeof days)[number]
  /** `HH:MM`, UTC; the hour may have one digit. */
  readonly Time: string
}

const days = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"] as const
const dayMs = 86_400_000

/** (Source: GetMatches of the customer-profiles service model: "by default it runs every Saturday at 12AM UTC".) */
const usual: JobSchedule = { DayOfTheWeek: "SATURDAY", Time: "00:00" }

/** The first time of the schedule after `afterMs`; both in milliseconds since 1970. */
export function nextStartMs({ DayOfTheWeek, Time }: JobSchedule = usual, afterMs: number): number {
  const [hours = 0, minutes = 0] = Time.split(":").map(Number)
  const midnightMs = Math.floor(afterMs / dayMs) * dayMs
  const daysAhead = (days.indexOf(DayOfTheWeek) - new Date(midnightMs).getUTCDay() + 7) % 7
  const startMs = midnightMs + daysAhead * dayMs + (hours * 60 + minutes) * 60_000
  return startMs > afterMs ? startMs : startMs + 7 * dayMs
}
