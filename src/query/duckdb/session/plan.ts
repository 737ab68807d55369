import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { DoorStatement } from "../../contract.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"
import { refuseTooComplex } from "../bounds/statement-limits.ts"
import type { SettingCall } from "../catalog/set-config.ts"
import { withoutPgSpellings } from "../catalog/syntax.ts"
import { withLikeTables } from "../definitions/like-tables.ts"
import { plainStatement } from "../dialect/plain-text.ts"
import { refuseByName } from "../dialect/refused-statements.ts"
import { asTyped, fromRedshift } from "../dialect/rewrite.ts"
import type { Tree } from "../dialect/syntax-tree.ts"
import { governedNames } from "../governance/administrators-reads.ts"
import type { GovernedReading } from "../governance/still-holds.ts"
import { type CopyOptions, copyOutCommand } from "../portals/copy-out-command.ts"
import { type CursorCommand, cursorCommand } from "../portals/cursor-commands.ts"
import type { Need } from "../rights/pin-relations.ts"
import type { ReadNames } from "../rights/read-states.ts"
import { speaksRedshift } from "../semantics/session-meaning.ts"
import type { VirtualRead } from "../virtual/virtual-reads.ts"
import type { VirtualWrite } from "../virtual/write-statements.ts"
import type { PlanContext } from "./plans/context.ts"
import { missingStatement } from "./plans/missing-statements.ts"
import { planSelect } from "./plans/queries.ts"
import { planWrite } from "./plans/writes.ts"
import { type SessionCommand, sessionCommand } from "./session-commands.ts"
import type { EnginePlan } from "./statement-kinds.ts"

/** What is to be done for one statement, after every check. */
export type Plan =
  | { kind: "session"; command: SessionCommand }
  | { kind: "door"; statement: DoorStatement; query: EnginePlan | undefined }
  | { kind: "virtualWrite"; write: VirtualWrite; query: EnginePlan }
  | { kind: "copyOut"; query: EnginePlan; options: CopyOptions }
  | { kind: "cursor"; command: CursorCommand<EnginePlan> }
  | {
      kind: "engine"
      sql: string
      /** `SELECT`, `INSERT`, `CREATE TABLE`, `EXPLAIN`. */
      verb: string
      /** The one database that it may change; undefined: it changes nothing. */
      writesIn: string | undefined
      /** It changes what nothing else may in a replicated database. */
      isOnVersions?: true
      /** It makes or drops a temporary table: nothing of it is in the database's file. */
      isOnTemporary?: boolean
      /** CREATE TYPE: its schema, which must be in the database's file before. */
      typeInSchema?: string | undefined
      /** undefined: as the engine names them. */
      columnNames: string[] | undefined
      /** Settings that it changes when it runs. */
      settingCalls: readonly SettingCall[]
      /** The tree of `sql`, where it has one: after every check, since statements are made from it, too. */
      tree: Tree | undefined
      /** The virtual tables that it reads. */
      virtual: VirtualRead[]
      /** The tables that it reads, as far as names tell. */
      reads: ReadNames
      /** The engine's positions mean the client's text. */
      positionsHold: boolean
      /** Held against the user's rights whenever it runs; "superuser": checked as an administrator's. */
      needs: Need[] | "superuser"
      /** Of somebody who is granted views and not what they read: errors must not show its values. */
      isVeiled: boolean
      /** By which policies it was planned. */
      governed: GovernedReading
      /** What the client should know. */
      notices: string[]
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

async function planExplain(
  sql: string,
  prefix: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<Plan> {
  const parsed = await context.parser.parse(sql)
  if (parsed.kind === "broken") throw parsed.error
  if (parsed.kind === "other") throw new PgError("0A000", "EXPLAIN is supported for queries only")
  const plan = await planSelect(sql, parsed.tree, context, access)
  if (plan.isVeiled) {
    throw new PgError("42501", "permission denied: the plan of a view shows what it reads", {
      hint: "EXPLAIN statements on tables, or ask an administrator.",
    })
  }
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
export async function planStatement(typed: string, context: PlanContext): Promise<Plan> {
  const access = await context.access()
  refuseTooComplex(typed, tokenize(typed))
  const text = plainStatement(typed)
  const spelled = withoutPgSpellings(text)
  const tokens = tokenize(spelled)
  const out = copyOutCommand(tokens, spelled)
  if (out)
    return { kind: "copyOut", query: await planQuery(out.sql, "COPY", context, access), options: out.options }
  const cursor = cursorCommand(tokens, spelled)
  if (cursor?.kind === "declare") {
    const query = await planQuery(cursor.query, "DECLARE CURSOR", context, access)
    return { kind: "cursor", command: { ...cursor, query } }
  }
  if (cursor) return { kind: "cursor", command: cursor }
  // After COPY … TO STDOUT, before SHOW: the door has other forms of both.
  const statement = context.readDoorStatement(tokens, text, typed)
  if (statement) return planDoor(statement, context, access)
  const command = sessionCommand(tokens)
  if (command) return { kind: "session", command }
  return planEngine(spelled, tokens, context, access)
}

async function planDoor(statement: DoorStatement, context: PlanContext, access: SqlAccess): Promise<Plan> {
  if (statement.query === undefined) return { kind: "door", statement, query: undefined }
  try {
    const query = await planQuery(withoutPgSpellings(statement.query), "This statement", context, access)
    return { kind: "door", statement, query }
  } catch (error) {
    // Places in the query mean nothing in the client's text.
    if (error instanceof PgError && error.position !== undefined)
      throw new PgError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint })
    throw error
  }
}

/** A query inside another statement. */
async function planQuery(
  sql: string,
  inside: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<EnginePlan> {
  const plan = await planEngine(sql, tokenize(sql), context, access)
  if (plan.kind === "engine" && plan.verb === "SELECT") return { ...plan, positionsHold: false }
  throw new PgError("0A000", `${inside} is supported for queries only`)
}

/** What the engine is to do: a query, its plan, or a change. */
async function planEngine(
  typed: string,
  typedTokens: Token[],
  context: PlanContext,
  access: SqlAccess,
): Promise<Plan> {
  if (speaksRedshift(context.facts)) refuseByName(typedTokens)
  const { sql: translated, notices } = speaksRedshift(context.facts) ? fromRedshift(typed) : asTyped(typed)
  const spelled = await withLikeTables(translated, context, access)
  const isAsTyped = spelled === typed
  const tokens = isAsTyped ? typedTokens : tokenize(spelled)
  const plan = await planSpelled(spelled, tokens, context, access)
  if (plan.kind !== "engine") return plan
  if (access.isSuperuser) await noteGovernedRead(plan.reads, context)
  return { ...plan, notices, positionsHold: plan.positionsHold && isAsTyped }
}

async function noteGovernedRead(
  reads: ReadNames,
  { governed, onGovernedRead, place, rules: { user } }: PlanContext,
): Promise<void> {
  const tables = governedNames(reads, { governed, place: place(), user })
  if (tables.length > 0) await onGovernedRead?.(tables)
}

async function planSpelled(
  spelled: string,
  tokens: Token[],
  context: PlanContext,
  access: SqlAccess,
): Promise<Plan> {
  const explained = explainedFrom(tokens)
  if (explained) return planExplain(spelled.slice(explained.start.start), explained.prefix, context, access)
  const parsed = await context.parser.parse(spelled)
  switch (parsed.kind) {
    case "broken":
      throw missingStatement(tokens) ?? parsed.error
    case "select":
      return planSelect(spelled, parsed.tree, context, access)
    case "other":
      return planWrite(tokens, spelled, context, access)
  }
}
