import type { TableName } from "../../../domain/table.ts"
import { type Action, hasVersioned, type Reading, Words } from "./statement-words.ts"

/** What a statement of the log means for the rows of tables. Rows themselves come as row events. */
export type Statement =
  | { kind: "begin" | "commit" | "rollback" | "rollbackTo" | "xaEnd" | "none" }
  | { kind: "xaStart" | "xaCommit" | "xaRollback"; xid: string }
  /** Empties tables. */
  | { kind: "truncate"; tables: TableName[] }
  /** These names mean other tables, or tables of another shape, from here on. */
  | { kind: "redefine"; tables: TableName[]; gone: TableName[] }
  /** Changes whose outcome follows from the table as it was. */
  | { kind: "alter"; table: TableName; changes: TableChange[] }
  | { kind: "dropSchema"; schema: string }
  /** May have changed rows of which the log does not tell. */
  | { kind: "unloggedRows" }

export type TableChange =
  | { kind: "dropColumn"; name: string; ifExists: boolean }
  | { kind: "renameColumn"; name: string; to: string }
  | { kind: "dropIndex"; name: string }

/** What a statement of the log means, of which there may be several readings: of its bytes, and of its comments. */
export function meaningOf(texts: readonly string[], reading: Omit<Reading, "runsVersioned">): Statement {
  const statements = texts.flatMap((text) => {
    const statement = readStatement(text, { ...reading, runsVersioned: true })
    return hasVersioned(text)
      ? [statement, readStatement(text, { ...reading, runsVersioned: false })]
      : [statement]
  })
  const [first = { kind: "unloggedRows" }, ...others] = statements
  const isClear = others.every((other) => JSON.stringify(other) === JSON.stringify(first))
  return isClear ? first : anyOf(statements)
}

/** One of these, nobody knows which: what any of them touches is to be looked at anew. */
function anyOf(statements: readonly Statement[]): Statement {
  const tables: TableName[] = []
  for (const statement of statements) {
    switch (statement.kind) {
      case "none":
        break
      case "truncate":
        tables.push(...statement.tables)
        break
      case "redefine":
        tables.push(...statement.tables, ...statement.gone)
        break
      case "alter":
        tables.push(statement.table)
        break
      default:
        return { kind: "unloggedRows" }
    }
  }
  return { kind: "redefine", tables, gone: [] }
}

/**
 * A session that logs statements also logs what it does to its temporary tables. One of them hides the table of its name,
 * whose rows then stay as they are; others named in the statement may be real.
 */
export function concernsTemporaryTables(statement: Statement): Statement {
  switch (statement.kind) {
    case "truncate":
    case "alter":
    case "redefine":
      return anyOf([statement])
    default:
      return statement
  }
}

/** What is not understood may have changed any row. */
export function readStatement(sql: string, reading: Reading): Statement {
  return statementOf(new Words(sql, reading))
}

function statementOf(words: Words): Statement {
  if (words.isAtEnd) return { kind: "none" }
  if (words.take("begin")) {
    words.take("work")
    return { kind: words.isAtEnd ? "begin" : "unloggedRows" }
  }
  if (words.takeAll("start", "transaction")) return { kind: "begin" }
  if (words.take("commit")) return { kind: "commit" }
  if (words.take("rollback")) {
    words.take("work")
    return { kind: words.take("to") ? "rollbackTo" : "rollback" }
  }
  if (words.take("xa")) return xaStatement(words)
  if (words.take("truncate")) {
    words.take("table")
    return { kind: "truncate", tables: [words.table()] }
  }
  if (words.take("create")) return createStatement(words)
  if (words.take("drop")) return dropStatement(words)
  if (words.take("rename")) return renameStatement(words)
  if (words.take("alter")) return alterStatement(words)
  if (words.take("set")) return setStatement(words)
  if (words.take("analyze")) return analyzeStatement(words)
  return { kind: rowless.some((verb) => words.take(verb)) ? "none" : "unloggedRows" }
}

/** Statements that change no rows of tables, whatever follows. */
const rowless = [
  "savepoint",
  "release",
  "grant",
  "revoke",
  "flush",
  "optimize",
  "repair",
  "install",
  "uninstall",
  "lock",
  "unlock",
  "reset",
  "purge",
  "change",
  "import",
]

/** MariaDB's `SET STATEMENT a = 1 FOR …` runs what stands behind it. */
function setStatement(words: Words): Statement {
  if (words.take("password") || words.take("role") || words.takeAll("default", "role"))
    return { kind: "none" }
  if (!words.take("statement")) return { kind: "unloggedRows" }
  words.skipTo("for")
  return words.isAtEnd ? { kind: "unloggedRows" } : statementOf(words)
}

/** MariaDB's `ANALYZE UPDATE …` runs the statement. */
function analyzeStatement(words: Words): Statement {
  if (!words.take("local")) words.take("no_write_to_binlog")
  return { kind: words.take("table") || words.take("tables") ? "none" : "unloggedRows" }
}

function xaStatement(words: Words): Statement {
  const verb = words.next().toLowerCase()
  const xid = words.rest().toLowerCase()
  if (verb === "start" || verb === "begin") return { kind: "xaStart", xid }
  if (verb === "commit") return { kind: "xaCommit", xid }
  if (verb === "rollback") return { kind: "xaRollback", xid }
  return { kind: "xaEnd" }
}

function createStatement(words: Words): Statement {
  const replaces = words.takeAll("or", "replace")
  const isTemporary = words.take("temporary")
  if (!words.take("table")) return { kind: "none" }
  // Where rows are logged there is no query left in it. Else that may call functions, which may change any table.
  if (words.has("select") || words.has("values", "row")) return { kind: "unloggedRows" }
  if (isTemporary) return { kind: "none" }
  const ifMissing = words.takeAll("if", "not", "exists")
  const table = words.table()
  // A table that we carry was there.
  if (ifMissing && !replaces) return { kind: "none" }
  return { kind: "redefine", tables: [table], gone: [] }
}

function dropStatement(words: Words): Statement {
  if (words.take("temporary")) return { kind: "none" }
  if (words.take("database") || words.take("schema")) {
    words.takeAll("if", "exists")
    return { kind: "dropSchema", schema: words.next() }
  }
  if (words.take("index")) return dropIndexStatement(words)
  if (!words.take("table") && !words.take("tables")) return { kind: "none" }
  words.takeAll("if", "exists")
  const gone = [words.table()]
  while (words.take(",")) gone.push(words.table())
  return { kind: "redefine", tables: [], gone }
}

function dropIndexStatement(words: Words): Statement {
  words.takeAll("if", "exists")
  const name = words.next()
  if (!words.take("on")) return { kind: "none" }
  return { kind: "alter", table: words.table(), changes: [{ kind: "dropIndex", name }] }
}

/** `a TO b, c TO a`: every name that is given anew means another table. */
function renameStatement(words: Words): Statement {
  if (!words.take("table") && !words.take("tables")) return { kind: "none" }
  words.takeAll("if", "exists")
  const [tables, gone]: [TableName[], TableName[]] = [[], []]
  do {
    gone.push(words.table())
    if (words.take("wait")) words.next()
    words.take("nowait")
    if (!words.take("to")) break
    tables.push(words.table())
  } while (words.take(","))
  return { kind: "redefine", tables, gone }
}

/** Actions that leave every row and column as it is. */
const harmless =
  /^(?:(?:add|drop) (?:if (?:not )?exists )?(?:index|key|unique|fulltext|spatial|check)\b|add constraint \S+ (?:unique|check)\b|drop (?:constraint|foreign)\b|add (?:unique|fulltext|spatial)\b|alter (?:index|key)\b|(?:enable|disable) keys|engine\b|force\b|comment\b|auto_increment\b|row_format\b|key_block_size\b|algorithm\b|lock\b|stats_|analyze partition|optimize partition|rebuild partition|checksum\b|alter (?:column )?\S+ (?:set|drop) default)/

function alterStatement(words: Words): Statement {
  words.take("online")
  const ignores = words.take("ignore")
  if (!words.take("table")) return { kind: "none" }
  words.takeAll("if", "exists")
  const table = words.table()
  const actions = words.actions()
  const renamed = actions.flatMap((action) => action.renamedTo ?? [])
  if (renamed.length > 0) return { kind: "redefine", tables: renamed, gone: [table] }
  const exchanged = actions.flatMap((action) => action.exchangedWith ?? [])
  // MariaDB then deletes the rows that a new unique index has twice.
  if (ignores) return { kind: "redefine", tables: [table, ...exchanged], gone: [] }
  const changes = actions.map(tableChange)
  if (
    exchanged.length === 0 &&
    actions.every(({ text }, i) => changes[i] !== undefined || harmless.test(text))
  ) {
    const known = changes.filter((change) => change !== undefined)
    return known.length === 0 ? { kind: "none" } : { kind: "alter", table, changes: known }
  }
  return { kind: "redefine", tables: [table, ...exchanged], gone: [] }
}

const otherThanColumns = new Set(["primary", "foreign", "partition", "period", "system"])
const indexWords = new Set(["index", "key", "constraint"])

/** `undefined`: it is none of those that a statement tells whole. */
function tableChange({ tokens }: Action): TableChange | undefined {
  const words = tokens.map(({ text, isQuoted }) => (isQuoted ? "" : text.toLowerCase()))
  const [verb, kind = ""] = words
  if (verb === "rename" && kind === "column" && words[3] === "to" && tokens.length === 5)
    return { kind: "renameColumn", name: tokens[2]?.text ?? "", to: tokens[4]?.text ?? "" }
  // Under its new name it is no longer known.
  if (verb === "rename" && (kind === "index" || kind === "key"))
    return { kind: "dropIndex", name: tokens[2]?.text ?? "" }
  if (verb !== "drop") return undefined
  const isIndex = indexWords.has(kind)
  let at = isIndex || kind === "column" ? 2 : 1
  const ifExists = words[at] === "if" && words[at + 1] === "exists"
  if (ifExists) at += 2
  const name = tokens[at]?.text
  const isLast = at === tokens.length - 1
  if (name === undefined) return undefined
  if (isIndex) return isLast ? { kind: "dropIndex", name } : undefined
  const isColumn = kind === "column" || !otherThanColumns.has(kind)
  const isWhole = isLast || (at === tokens.length - 2 && /^(?:restrict|cascade)$/.test(words[at + 1] ?? ""))
  return isColumn && isWhole ? { kind: "dropColumn", name, ifExists } : undefined
}
