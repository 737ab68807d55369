import { PgError } from "../../wire/pgwire/pg-error.ts"
import { rewriteForSession, type SessionFacts } from "./catalog/rewrite.ts"
import { withoutPgSpellings } from "./catalog/syntax.ts"
import { pgColumnNames } from "./column-names.ts"
import { type DatabaseCommand, databaseCommand } from "./database-commands.ts"
import { guardSelect } from "./select-guard.ts"
import { type SessionCommand, sessionCommand } from "./session-commands.ts"
import type { SqlParser, Tree } from "./syntax-tree.ts"
import { isSymbol, isWord, type Token, tokenize } from "./tokens.ts"
import { guardWrite, type WriteRules } from "./write-guard.ts"

/** What is to be done for one statement, after every check. */
export type Plan =
  | { kind: "session"; command: SessionCommand }
  | { kind: "database"; command: DatabaseCommand }
  | {
      kind: "engine"
      sql: string
      /** `SELECT`, `INSERT`, `CREATE TABLE`, `EXPLAIN`. */
      verb: string
      writes: boolean
      /** undefined: as the engine names them. */
      columnNames: string[] | undefined
      /** The statement's tree, where it has one. */
      tree: Tree | undefined
      /** The engine's positions mean the client's text. */
      positionsHold: boolean
    }

export interface PlanContext {
  parser: SqlParser
  facts: SessionFacts
  rules: WriteRules
}

/** Past `EXPLAIN [ANALYZE] [VERBOSE]` or `EXPLAIN (…)`. */
function explainedFrom(tokens: Token[]): { prefix: string; start: Token } | undefined {
  if (!isWord(tokens[0], "explain")) return undefined
  let at = 1
  let analyze = false
  if (isSymbol(tokens[1], "(")) {
    const close = tokens.findIndex((token) => isSymbol(token, ")"))
    const options = tokens.slice(2, close)
    analyze = options.some(
      (token, index) => isWord(token, "analyze") && !isWord(options[index + 1], "off", "false"),
    )
    at = close + 1
  } else {
    for (; isWord(tokens[at], "analyze", "verbose"); at++) analyze ||= isWord(tokens[at], "analyze")
  }
  const start = tokens[at]
  if (!start) throw new PgError("42601", "syntax error at end of input")
  return { prefix: analyze ? "EXPLAIN ANALYZE " : "EXPLAIN ", start }
}

async function planSelect(sql: string, tree: Tree, context: PlanContext): Promise<Plan> {
  const columnNames = pgColumnNames(tree)
  const rewritten = rewriteForSession(tree, context.facts)
  guardSelect(tree, context.rules)
  return {
    kind: "engine",
    sql: rewritten ? await context.parser.deparse(tree) : sql,
    verb: "SELECT",
    writes: false,
    columnNames,
    tree,
    positionsHold: !rewritten,
  }
}

async function planExplain(sql: string, prefix: string, context: PlanContext): Promise<Plan> {
  const parsed = await context.parser.parse(sql)
  if (parsed.kind === "broken") throw parsed.error
  if (parsed.kind === "other") throw new PgError("0A000", "EXPLAIN is supported for queries only")
  const plan = await planSelect(sql, parsed.tree, context)
  if (plan.kind !== "engine") return plan
  return {
    ...plan,
    sql: prefix + plan.sql,
    verb: "EXPLAIN",
    tree: undefined,
    columnNames: undefined,
    positionsHold: false,
  }
}

/** Reads, checks and, for the catalogs, rewrites one statement. Throws PgError; nothing has run then. */
export async function planStatement(text: string, context: PlanContext): Promise<Plan> {
  const sql = withoutPgSpellings(text)
  const tokens = tokenize(sql)
  const command = sessionCommand(tokens)
  if (command) return { kind: "session", command }
  const database = databaseCommand(tokens)
  if (database) return { kind: "database", command: database }
  const explained = explainedFrom(tokens)
  if (explained) return planExplain(sql.slice(explained.start.start), explained.prefix, context)
  const parsed = await context.parser.parse(sql)
  switch (parsed.kind) {
    case "broken":
      throw parsed.error
    case "select":
      return planSelect(sql, parsed.tree, context)
    case "other": {
      const { verb } = guardWrite(tokens, sql, context.rules)
      return {
        kind: "engine",
        sql,
        verb,
        writes: true,
        columnNames: undefined,
        tree: undefined,
        positionsHold: true,
      }
    }
  }
}
