/** What a user of the SQL port may be given. A closed list: the port refuses to grant what it would not enforce. */
export const privileges = ["select", "insert", "delete", "truncate", "drop", "create", "usage"] as const
export type Privilege = (typeof privileges)[number]

/**
 * Where a privilege holds: a table, everything in a schema, or everything in a database; what is made there later
 * included. Names are folded (`foldName`). "": not narrowed to a schema, or to a table.
 */
export interface GrantScope {
  database: string
  schema: string
  table: string
}

export interface Grant extends GrantScope {
  /** A user's name, or `public`. */
  grantee: string
  privilege: Privilege
}

/** A name as the warehouse compares it: only A to Z have a lower case there, so that no two tables become one here. */
export function foldName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Everyone, as SQL names it. */
export const everyone = "public"

/** A user made by CREATE USER. */
export interface SqlAccount {
  name: string
  /** May do everything on the SQL port that an administrator of the configuration may. */
  isSuperuser: boolean
  canCreateDatabases: boolean
  /** What is kept instead of the password (RFC 5802, as PostgreSQL writes it); null: nobody can log in by it. */
  verifier: string | null
  /** The password opens nothing after this; null: for ever. */
  validUntil: Date | null
}

/** True where a privilege on `granted` is one on `asked`, too. */
export function covers(granted: GrantScope, asked: GrantScope): boolean {
  if (granted.database !== asked.database) return false
  if (granted.schema === "") return true
  return granted.schema === asked.schema && (granted.table === "" || granted.table === asked.table)
}

/** `shop.public.orders`. */
export function scopeName({ database, schema, table }: GrantScope): string {
  return [database, schema, table].filter((part) => part !== "").join(".")
}
