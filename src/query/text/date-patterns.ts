import { PgError } from "../../wire/pgwire/pg-error.ts"

/** PostgreSQL's patterns of dates as strftime's; longer ones before those they begin with. */
const patterns: [RegExp, string][] = [
  [/^YYYY/i, "%Y"],
  [/^YY/i, "%y"],
  [/^HH24/i, "%H"],
  [/^HH(12)?/i, "%I"],
  [/^Month/i, "%B"],
  [/^Mon/i, "%b"],
  [/^Day/i, "%A"],
  [/^DDD/i, "%j"],
  [/^DD/i, "%d"],
  [/^DY/i, "%a"],
  [/^MM/i, "%m"],
  [/^MI/i, "%M"],
  [/^MS/i, "%g"],
  [/^SS/i, "%S"],
  [/^US/i, "%f"],
  [/^[AP]M/i, "%p"],
  [/^"([^"]*)"/, "$1"],
  [/^[^A-Za-z]/, "$&"],
]

/** Throws 0A000 for a pattern that is not known: a wrong text would be worse than none. */
export function strftimePattern(format: string): string {
  let out = ""
  for (let rest = format; rest !== ""; ) {
    const [pattern, directive] = patterns.find(([one]) => one.test(rest)) ?? []
    const match = pattern?.exec(rest)?.[0]
    if (pattern === undefined || directive === undefined || match === undefined) {
      throw new PgError("0A000", `the date format "${format}" is not supported at "${rest}"`, {
        hint: "YYYY YY MM Month Mon DD DDD Day DY HH24 HH12 MI SS MS US AM PM, signs, and text in double quotes are.",
      })
    }
    out += match.replace(
      pattern,
      directive.startsWith("%") ? directive : directive.replace("$&", match === "%" ? "%%" : "$&"),
    )
    rest = rest.slice(match.length)
  }
  return out
}
