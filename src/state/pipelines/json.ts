import { sql } from "kysely"

/** What jsonb cannot hold: NUL, and half a surrogate pair. A name or a reason must not cost the whole write. */
const unstorable = /\\u0000|\\ud[89a-f][0-9a-f]{2}/g

/** A value as jsonb; null stays null. */
export function json(value: unknown) {
  const text = value === null ? null : JSON.stringify(value).replaceAll(unstorable, "\\ufffd")
  return sql`${text}::jsonb`
}
