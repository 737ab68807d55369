/** What programs send to a Redshift to keep it in order. (Source: its documentation, "VACUUM", "ANALYZE", "LOCK", "ALTER TABLE APPEND".) */
import type { DoorStatement, StatementSession } from "../../query/contract.ts"
import { cursorOver, type TokenCursor } from "../../query/text/token-cursor.ts"
import { isWord, type Token } from "../../query/text/tokens.ts"
import { PgError } from "../../wire/pgwire/pg-error.ts"

type IsReplicated = (database: string) => boolean

/** A statement of upkeep: VACUUM, ANALYZE, LOCK and COMMENT change nothing and say so; undefined: it is none. @throws PgError for those that are refused */
export function upkeepStatement(tokens: Token[], isReplicated: IsReplicated): DoorStatement | undefined {
  const cursor = cursorOver(tokens)
  if (cursor.take("vacuum")) return nothingToDo("VACUUM", vacuumed(cursor))
  if (cursor.take("analyze", "analyse")) return nothingToDo("ANALYZE", analyzed(cursor))
  if (cursor.take("lock")) return locked(cursor)
  if (cursor.take("comment")) return commented(cursor, isReplicated)
  if (isAppend(tokens))
    throw refused(
      "ALTER TABLE … APPEND",
      "INSERT INTO … SELECT, then DELETE; both can be part of a transaction.",
    )
  return undefined
}

function refused(what: string, hint: string): PgError {
  return new PgError("0A000", `${what} is not supported`, { hint })
}

function isAppend(tokens: Token[]): boolean {
  if (!isWord(tokens[0], "alter") || !isWord(tokens[1], "table")) return false
  return tokens.some((token, at) => at > 2 && isWord(token, "append") && isWord(tokens[at + 1], "from"))
}

/** VACUUM [FULL | SORT ONLY | DELETE ONLY | REINDEX | RECLUSTER] [table] [TO n PERCENT] [BOOST]: the table, if one is named. */
function vacuumed(cursor: TokenCursor): string[] | undefined {
  if (cursor.take("sort", "delete")) cursor.expect("only")
  else cursor.take("full", "reindex", "recluster")
  const isNamed = !cursor.isEnd() && !cursor.isWord("to", "boost")
  const name = isNamed ? cursor.dotted(3) : undefined
  if (cursor.take("to")) {
    cursor.number()
    cursor.expect("percent")
  }
  cursor.take("boost")
  cursor.end()
  return name
}

/** ANALYZE [VERBOSE] [table [(column, …)]] [PREDICATE COLUMNS | ALL COLUMNS]. */
function analyzed(cursor: TokenCursor): string[] | undefined {
  if (cursor.isWord("compression")) throw refused("ANALYZE COMPRESSION", "Nothing is encoded by column here.")
  cursor.take("verbose")
  const isNamed = !cursor.isEnd() && !cursor.isWord("predicate", "all")
  const name = isNamed ? cursor.dotted(3) : undefined
  if (name !== undefined && cursor.symbol("(")) {
    do cursor.name()
    while (cursor.symbol(","))
    if (!cursor.symbol(")")) throw cursor.unexpected()
  }
  if (cursor.take("predicate", "all")) cursor.expect("columns")
  cursor.end()
  return name
}

function nothingToDo(tag: "VACUUM" | "ANALYZE", table: string[] | undefined): DoorStatement {
  const notice = `${tag} changes nothing here: storage and statistics are kept in order as rows are written.`
  return accepted(tag, notice, table === undefined ? [] : [table])
}

/** Judged, said and otherwise without effect. */
function accepted(tag: string, notice: string, tables: string[][]): DoorStatement {
  return {
    columns: undefined,
    notices: [notice],
    async run(session) {
      await judge(session, tag)
      for (const table of tables) await requireRelation(session, table)
      return { rows: [], tag }
    },
  }
}

/** LOCK [TABLE] table, …: nothing waits for a lock here. */
function locked(cursor: TokenCursor): DoorStatement {
  cursor.take("table")
  const tables = [cursor.dotted(3)]
  while (cursor.symbol(",")) tables.push(cursor.dotted(3))
  cursor.end()
  return accepted(
    "LOCK TABLE",
    "LOCK changes nothing here: a transaction reads one state of all tables, and of two that write the same rows one fails.",
    tables,
  )
}

/** COMMENT ON kind name IS 'text'. */
function commented(cursor: TokenCursor, isReplicated: IsReplicated): DoorStatement {
  cursor.expect("on")
  const kind = cursor.word("the kind of object")
  if (!["table", "column", "view", "schema", "database", "constraint"].includes(kind))
    throw cursor.unexpectedBefore()
  const name = cursor.dotted(4)
  if (cursor.take("on")) cursor.dotted(3)
  cursor.expect("is")
  if (!cursor.take("null")) cursor.string()
  cursor.end()
  const table = kind === "column" ? name.slice(0, -1) : name
  const isTable = ["table", "view", "column"].includes(kind)
  const comment = accepted(
    "COMMENT",
    "COMMENT changes nothing here: comments are not kept.",
    isTable ? [table] : [],
  )
  return {
    ...comment,
    async run(session, rows) {
      const database = (isTable && (await session.findRelation(table))?.database) || session.place.database
      if (isReplicated(database))
        throw new PgError(
          "25006",
          `cannot execute COMMENT: database "${database}" is replicated and read-only`,
        )
      return comment.run(session, rows)
    },
  }
}

/** Tables have no owners here: administrators stand for them. */
async function judge(session: StatementSession, tag: string): Promise<void> {
  session.transaction.assertUsable()
  if (tag === "VACUUM" && session.transaction.isExplicit())
    throw new PgError("25001", "VACUUM cannot run inside a transaction block")
  if (!(await session.access()).isSuperuser) throw new PgError("42501", `permission denied: ${tag}`)
}

async function requireRelation(session: StatementSession, table: readonly string[]): Promise<void> {
  if ((await session.findRelation(table)) === undefined)
    throw new PgError("42P01", `relation "${table.join(".")}" does not exist`)
}
