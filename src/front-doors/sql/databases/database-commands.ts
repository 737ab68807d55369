import type { HistoryScope } from "../../../control-plane/databases/history-mode.ts"
import type { RefreshScope } from "../../../control-plane/databases/refresh-scope.ts"
import type { DatabaseOptions } from "../../../domain/database-options.ts"
import { type TokenReader, tokenReader } from "../../../query/text/token-reader.ts"
import { isWord, type Token } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** Statements about destination databases, which no engine runs. */
export type DatabaseCommand =
  | {
      kind: "create"
      name: string
      integration: string
      sourceDatabase: string | undefined
      options: Partial<DatabaseOptions>
      owner: string | undefined
    }
  /** Empty, and people's to write. */
  | { kind: "createOwn"; name: string; owner: string | undefined }
  | { kind: "refresh"; name: string; scope: RefreshScope }
  | { kind: "set"; name: string; options: Partial<DatabaseOptions>; historyFor: HistoryScope }
  | { kind: "drop"; name: string; ifExists: boolean }

/** The command tag, and what the statement is called in errors. */
export const databaseTags: Record<DatabaseCommand["kind"], string> = {
  create: "CREATE DATABASE",
  createOwn: "CREATE DATABASE",
  refresh: "ALTER DATABASE",
  set: "ALTER DATABASE",
  drop: "DROP DATABASE",
}

function notSupported(what: string, hint?: string): PgError {
  return new PgError("0A000", `${what} is not supported`, hint === undefined ? {} : { hint })
}

/** `undefined`: not one of these. Throws 42601 when it begins like one and goes on unlike it, 0A000 for what we cannot do. */
export function databaseCommand(tokens: Token[]): DatabaseCommand | undefined {
  if (!isWord(tokens[1], "database")) return undefined
  const reader = tokenReader(tokens, 2)
  if (isWord(tokens[0], "create")) return parseCreate(reader)
  if (isWord(tokens[0], "drop")) return parseDrop(reader)
  return isWord(tokens[0], "alter") ? parseAlter(reader) : undefined
}

function parseCreate(reader: TokenReader): DatabaseCommand {
  const name = reader.name()
  if (!reader.take("from", "integration")) {
    const owner = parseWith(reader)
    reader.end()
    return { kind: "createOwn", name, owner }
  }
  const integration = reader.string()
  const sourceDatabase = reader.take("database") ? reader.nameOrString() : undefined
  reader.take("set")
  const { options } = parseOptions(reader, false)
  const owner = parseWith(reader)
  reader.end()
  return { kind: "create", name, integration, sourceDatabase, options, owner }
}

/** One option after another, in any order, each at most once. */
function parseOptions(
  reader: TokenReader,
  isAlter: boolean,
): { options: Partial<DatabaseOptions>; historyFor: HistoryScope } {
  const options: Partial<DatabaseOptions> = {}
  let historyFor: HistoryScope = { kind: "all", schemas: undefined }
  for (;;) {
    const isHistory = reader.sees("history_mode")
    const isNew = parseOption(reader, options, isAlter)
    if (isNew === undefined) return { options, historyFor }
    if (isAlter && isHistory && reader.take("for")) historyFor = parseHistoryScope(reader)
    if (!isNew) throw new PgError("42601", "conflicting or redundant options")
  }
}

const flags = {
  acceptinvchars: "acceptInvalidCharacters",
  auto_remediation: "autoRemediation",
  history_mode: "historyMode",
  query_all_states: "queryAllStates",
  truncatecolumns: "truncateColumns",
} as const

/** Whether it was there for the first time; `undefined`: no option comes next. */
function parseOption(
  reader: TokenReader,
  options: Partial<DatabaseOptions>,
  isAlter: boolean,
): boolean | undefined {
  if (reader.take("refresh_interval")) {
    reader.takeSymbol("=")
    const isNew = options.refreshIntervalSeconds === undefined
    options.refreshIntervalSeconds = reader.number()
    return isNew
  }
  for (const [word, option] of Object.entries(flags)) {
    // Only ALTER knows it, as in the cloud.
    if (option === "autoRemediation" && !isAlter) continue
    if (!reader.take(word)) continue
    reader.takeSymbol("=")
    const isNew = options[option] === undefined
    options[option] = reader.boolean()
    return isNew
  }
  return undefined
}

/** The owner. Of the rest only what is so anyway can be asked for. */
function parseWith(reader: TokenReader): string | undefined {
  reader.take("with")
  let owner: string | undefined
  while (!reader.atEnd()) {
    if (reader.take("owner")) {
      reader.takeSymbol("=")
      owner = reader.name()
    } else if (reader.take("connection", "limit")) {
      if (!reader.take("unlimited")) throw notSupported("CONNECTION LIMIT other than UNLIMITED")
    } else if (reader.take("collate")) {
      if (!reader.take("case_sensitive") && !reader.take("cs"))
        throw notSupported("COLLATE other than CASE_SENSITIVE")
    } else if (reader.take("isolation", "level")) {
      if (!reader.take("snapshot")) throw notSupported("ISOLATION LEVEL other than SNAPSHOT")
    } else throw reader.unexpected()
  }
  return owner
}

function parseDrop(reader: TokenReader): DatabaseCommand {
  const ifExists = reader.take("if", "exists")
  const name = reader.name()
  if (reader.sees("force") || reader.sees("with")) throw notSupported("DROP DATABASE … FORCE")
  reader.end()
  return { kind: "drop", name, ifExists }
}

function parseAlter(reader: TokenReader): DatabaseCommand | undefined {
  const name = reader.name()
  if (!reader.take("integration")) throw notSupported("ALTER DATABASE other than … INTEGRATION")
  if (reader.take("refresh")) {
    const scope = parseScope(reader)
    reader.end()
    return { kind: "refresh", name, scope }
  }
  reader.expect("set")
  const { options, historyFor } = parseOptions(reader, true)
  if (Object.keys(options).length === 0) throw reader.unexpected()
  reader.end()
  return { kind: "set", name, options, historyFor }
}

const scopes = { all: "all", inerror: "inError", remediable: "remediable" } as const

function parseHistoryScope(reader: TokenReader): HistoryScope {
  if (!reader.sees("all", "table")) throw reader.unexpected()
  const scope = parseScope(reader)
  return scope.kind === "tables" ? scope : { kind: "all", schemas: scope.schemas }
}

function parseScope(reader: TokenReader): RefreshScope {
  if (reader.take("table") || reader.take("tables"))
    return { kind: "tables", tables: reader.list(() => parseTable(reader)) }
  for (const [word, kind] of Object.entries(scopes)) {
    if (!reader.take(word)) continue
    reader.expect("tables")
    const schemas = reader.take("in", "schema") ? reader.list(reader.name) : undefined
    return { kind, schemas }
  }
  throw reader.unexpected()
}

/** The cloud's documents also write tables without their schema. */
function parseTable(reader: TokenReader): { schema: string | undefined; name: string } {
  const first = reader.name()
  return reader.takeSymbol(".") ? { schema: first, name: reader.name() } : { schema: undefined, name: first }
}
