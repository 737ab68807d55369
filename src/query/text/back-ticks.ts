import { PgError } from "../../wire/pgwire/pg-error.ts"
import { piecesOf } from "./tokens.ts"

/**
 * The text with names between back-ticks, as StackQL and MySQL write them, between double quotes. Positions stay what they were, unless
 * such a name holds a double quote. Throws 42601 where one has no end.
 */
export function withoutBackTicks(sql: string): string {
  if (!sql.includes("`")) return sql
  let text = ""
  let at = 0
  for (let open = backTickFrom(sql, at); open !== undefined; open = backTickFrom(sql, at)) {
    const close = sql.indexOf("`", open + 1)
    if (close < 0) throw new PgError("42601", "unterminated quoted identifier", { position: open + 1 })
    text += `${sql.slice(at, open)}"${sql.slice(open + 1, close).replaceAll('"', '""')}"`
    at = close + 1
  }
  return text + sql.slice(at)
}

/** The next one outside of strings, quoted names and comments. */
function backTickFrom(sql: string, from: number): number | undefined {
  for (const { kind, start, end } of piecesOf(sql, from)) {
    const at = kind === "symbol" ? sql.slice(start, end).indexOf("`") : -1
    if (at >= 0) return start + at
  }
  return undefined
}
