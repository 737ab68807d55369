/** The cloud's names for parts of a date, by the engine's. */
const spellings: Record<string, string> = {
  millennium: "millennia mil mils",
  century: "centuries c cent cents",
  decade: "decades dec decs",
  year: "years y yr yrs",
  quarter: "quarters qtr qtrs q",
  month: "months mon mons",
  week: "weeks w",
  day: "days d",
  hour: "hours h hr hrs",
  minute: "minutes m min mins",
  second: "seconds s sec secs",
  millisecond: "milliseconds ms msec msecs msecond mseconds millisec millisecs millisecon",
  microsecond: "microseconds us usec usecs microsec microsecs microsecond",
  dow: "dayofweek dw weekday",
  doy: "dayofyear dy yearday",
  epoch: "",
  timezone: "",
}

const parts = new Map(
  Object.entries(spellings).flatMap(([part, others]) =>
    [part, ...others.split(" ")].filter((one) => one !== "").map((one) => [one, part] as const),
  ),
)

/** undefined: no part of a date. */
export function datePart(word: string): string | undefined {
  return parts.get(word.toLowerCase())
}
