import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { strftimePattern } from "../../text/date-patterns.ts"
import type { Token } from "../../text/tokens.ts"
import type { Call, Edit } from "./edits.ts"

const forms = new Map<string, readonly [string, string]>([
  ["to_date", ["CAST(strptime(", ") AS DATE)"]],
  ["to_timestamp", ["timezone('UTC', strptime(", "))"]],
])

/** TO_DATE and TO_TIMESTAMP with a format that stands in the text, the engine's functions being of that kind. */
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
