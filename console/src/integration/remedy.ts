/** Statements in a reason, as the sources write them; `…` stands for the table. */
const statement =
  /\b((?:ALTER (?:TABLE|ROLE)|GRANT|CREATE) [^.]*?)(?=\.(?:\s|$)| \(or| \(DEFAULT| on the partition|, or )/

/**
 * The statement in a table's reason that mends it, for this table; null: the reason names none.
 * @param reason as `GET /status` tells it: "It has no primary key. Add one, or ALTER TABLE … REPLICA IDENTITY FULL."
 */
export function remedyStatement(reason: string, table: { schema: string; name: string }): string | null {
  const found = statement.exec(reason)?.[1]
  if (found === undefined) return null
  return `${found.replace("…", `${quoted(table.schema)}.${quoted(table.name)}`)};`
}

/** As PostgreSQL quotes, where it is needed. */
function quoted(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
