import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Token } from "../../text/tokens.ts"
import type { Call, Edit } from "./edits.ts"

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

const forms = new Map<string, readonly [string, string]>([
  ["to_char", ["strftime(", ")"]],
  ["to_date", ["CAST(strptime(", ") AS DATE)"]],
  ["to_timestamp", ["timezone('UTC', strptime(", "))"]],
])

/** TO_CHAR, TO_DATE and TO_TIMESTAMP with a format that stands in the text, the engine's functions being of that kind. */
export function dateFormatEdits(tokens: Token[], at: number, call: Call): Edit[] {
  const [name, open, close] = [tokens[at], tokens[at + 1], tokens[call.close]]
  const format = tokens[call.close - 1]
  const form = forms.get(name?.value ?? "")
  if (!name || !open || !close || !form || call.commas.length !== 1) return []
  if (format?.kind !== "string" || call.commas[0] !== call.close - 2) {
    throw new PgError("0A000", `${name.value.toUpperCase()} takes its format as text in the statement`)
  }
  return [
    { start: name.start, end: open.end, text: form[0] },
    { start: format.start, end: format.end, text: quoteLiteral(strftimePattern(format.value)) },
    { start: close.start, end: close.end, text: form[1] },
  ]
}
