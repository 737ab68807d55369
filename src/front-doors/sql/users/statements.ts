import type { Privilege } from "../../../domain/sql-access.ts"
import { cursorOver, type TokenCursor } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type UserOptions, userOptions } from "./user-options.ts"

/** What GRANT and REVOKE name; each is resolved against the session's database. */
export type GrantObject =
  | { kind: "table"; name: string[] }
  | { kind: "tablesInSchema"; name: string[] }
  | { kind: "schema"; name: string[] }
  | { kind: "database"; name: string }
  | { kind: "tablesInDatabase"; name: string }

export type AccessCommand =
  | { kind: "createUser"; name: string; options: UserOptions }
  | { kind: "alterUser"; name: string; options: UserOptions }
  | { kind: "dropUsers"; names: string[]; ifExists: boolean }
  | GrantCommand
  | { kind: "showGrants"; object: GrantObject | undefined; grantee: string | undefined }

export interface GrantCommand {
  kind: "grant" | "revoke"
  /** `all`: those that make sense for the object. */
  privileges: Privilege[] | "all"
  objects: GrantObject[]
  grantees: string[]
}

function notSupported(what: string, hint: string): PgError {
  return new PgError("0A000", `${what} is not supported`, { hint })
}

const grantable: Record<string, Privilege> = {
  select: "select",
  insert: "insert",
  delete: "delete",
  truncate: "truncate",
  drop: "drop",
  create: "create",
  usage: "usage",
}
const otherPrivileges = [
  "update",
  "references",
  "trigger",
  "temp",
  "temporary",
  "alter",
  "execute",
  "connect",
  "rule",
]

function privilegeList(cursor: TokenCursor): Privilege[] | "all" {
  if (cursor.take("all")) {
    cursor.take("privileges")
    return "all"
  }
  const list: Privilege[] = []
  do {
    const word = cursor.word("a privilege")
    const privilege = Object.hasOwn(grantable, word) ? grantable[word] : undefined
    if (privilege === undefined && otherPrivileges.includes(word)) {
      throw notSupported(
        `the privilege ${word.toUpperCase()}`,
        "There are SELECT, INSERT, DELETE, TRUNCATE, DROP, CREATE and USAGE.",
      )
    }
    if (privilege === undefined) throw cursor.unexpectedBefore()
    if (cursor.at("("))
      throw notSupported("a grant on columns", "Grant on a view that has just those columns.")
    list.push(privilege)
  } while (cursor.symbol(","))
  return list
}

function list<T>(cursor: TokenCursor, one: () => T): T[] {
  const items = [one()]
  while (cursor.symbol(",")) items.push(one())
  return items
}

/** `FOR TABLES IN SCHEMA s [DATABASE d]`, `FOR SCHEMAS IN DATABASE d`: the cloud's words for grants that last. */
function lastingObjects(cursor: TokenCursor): GrantObject[] {
  const isTables = cursor.take("tables")
  if (!isTables) cursor.expect("schemas")
  cursor.expect("in")
  if (cursor.take("database")) {
    const name = cursor.name()
    return [isTables ? { kind: "tablesInDatabase", name } : { kind: "database", name }]
  }
  if (!isTables) throw cursor.unexpected()
  cursor.expect("schema")
  const schema = cursor.name()
  return [{ kind: "tablesInSchema", name: cursor.take("database") ? [cursor.name(), schema] : [schema] }]
}

function objectsOf(cursor: TokenCursor): GrantObject[] {
  if (cursor.take("for")) return lastingObjects(cursor)
  cursor.expect("on")
  if (cursor.take("all")) {
    cursor.expect("tables")
    cursor.expect("in")
    cursor.expect("schema")
    return list(cursor, () => ({ kind: "tablesInSchema", name: cursor.dotted(2) }))
  }
  if (cursor.take("schema")) return list(cursor, () => ({ kind: "schema", name: cursor.dotted(2) }))
  if (cursor.take("database")) return list(cursor, () => ({ kind: "database", name: cursor.name() }))
  for (const other of ["function", "procedure", "language", "model", "datashare", "sequence", "type"]) {
    if (cursor.isWord(other))
      throw notSupported(`a grant on a ${other}`, "Grant on tables, schemas and databases.")
  }
  cursor.take("table")
  return list(cursor, () => ({ kind: "table", name: cursor.dotted(3) }))
}

function granteeName(cursor: TokenCursor): string {
  if (cursor.isWord("group", "role")) {
    throw notSupported("a grant to a group or a role", "Grant to users, or to PUBLIC.")
  }
  return cursor.name()
}

function grantCommand(kind: "grant" | "revoke", cursor: TokenCursor): AccessCommand {
  if (kind === "revoke" && cursor.isWord("grant"))
    throw notSupported("GRANT OPTION", "Only administrators grant.")
  if (cursor.isWord("role", "ownership"))
    throw notSupported("a role", "Grant privileges to users, or to PUBLIC.")
  const privileges = privilegeList(cursor)
  const objects = objectsOf(cursor)
  cursor.expect(kind === "grant" ? "to" : "from")
  const grantees = list(cursor, () => granteeName(cursor))
  if (cursor.isWord("with")) throw notSupported("WITH GRANT OPTION", "Only administrators grant.")
  if (kind === "revoke") cursor.take("cascade", "restrict")
  cursor.end()
  return { kind, privileges, objects, grantees }
}

function showGrants(cursor: TokenCursor): AccessCommand {
  let object: GrantObject | undefined
  if (cursor.take("on")) {
    if (cursor.take("database")) object = { kind: "database", name: cursor.name() }
    else if (cursor.take("schema")) object = { kind: "schema", name: cursor.dotted(2) }
    else {
      cursor.take("table")
      object = { kind: "table", name: cursor.dotted(3) }
    }
  }
  const grantee = cursor.take("for") ? granteeName(cursor) : undefined
  cursor.end()
  return { kind: "showGrants", object, grantee }
}

function dropUsers(cursor: TokenCursor): AccessCommand {
  const ifExists = cursor.take("if")
  if (ifExists) cursor.expect("exists")
  const names = list(cursor, () => cursor.name())
  cursor.end()
  return { kind: "dropUsers", names, ifExists }
}

function userCommand(kind: "createUser" | "alterUser", cursor: TokenCursor): AccessCommand {
  const name = cursor.name()
  cursor.take("with")
  return { kind, name, options: userOptions(cursor) }
}

const notBuilt = ["group", "role"]

/**
 * Statements about users and their rights. `undefined`: not one of these. What is wrong is said without the text
 * around it, which may be a password.
 */
export function accessCommand(tokens: Token[]): AccessCommand | undefined {
  const [first, second] = tokens
  const cursor = cursorOver(tokens)
  if (isWord(first, "grant", "revoke")) {
    cursor.skip(1)
    return grantCommand(first?.value === "grant" ? "grant" : "revoke", cursor)
  }
  if (isWord(first, "show") && isWord(second, "grants") && !isSymbol(tokens[2], ".")) {
    cursor.skip(2)
    return showGrants(cursor)
  }
  if (!isWord(first, "create", "alter", "drop")) return undefined
  if (isWord(second, ...notBuilt)) {
    throw notSupported(
      `${first?.value.toUpperCase()} ${second?.value.toUpperCase()}`,
      "Make users, and grant to each of them or to PUBLIC.",
    )
  }
  if (isWord(second, "default") && isWord(tokens[2], "privileges")) {
    throw notSupported(
      "ALTER DEFAULT PRIVILEGES",
      "A grant ON ALL TABLES IN SCHEMA holds for the tables made later, too.",
    )
  }
  if (!isWord(second, "user")) return undefined
  cursor.skip(2)
  if (first?.value === "drop") return dropUsers(cursor)
  return userCommand(first?.value === "create" ? "createUser" : "alterUser", cursor)
}
