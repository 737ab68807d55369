import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { DoorStatement, ReadDoorStatement } from "../../contract.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"
import { requireReader } from "../../virtual-table.ts"
import { confineCalls } from "../bounds/confined.ts"
import { refuseCostly } from "../bounds/measure.ts"
import { refuseNestedValues } from "../bounds/nested-values.ts"
import { refuseTooComplex } from "../bounds/statement-limits.ts"
import { boundedWrite } from "../bounds/written-queries.ts"
import { rewriteForSession, type SessionFacts } from "../catalog/rewrite.ts"
import { listVisibleTables } from "../catalog/show-tables.ts"
import { withoutPgSpellings } from "../catalog/syntax.ts"
import { plainStatement } from "../dialect/plain-text.ts"
import { fromRedshift } from "../dialect/rewrite.ts"
import { nodesOf, type SqlParser, type Tree } from "../dialect/syntax-tree.ts"
import { type CopyOptions, copyOutCommand } from "../portals/copy-out-command.ts"
import { type CursorCommand, cursorCommand } from "../portals/cursor-commands.ts"
import { refuseHiddenTypes } from "../rights/hidden-types.ts"
import { knownRelationsIn, pinKnownRelations } from "../rights/known-relations.ts"
import { isTableNode, type Need, refuseReservedNames } from "../rights/pin-relations.ts"
import { namesReadBy, namesReadInWrite, type ReadNames } from "../rights/read-states.ts"
import type { AskEngine, NamePlace } from "../rights/relation-names.ts"
import { refuseUnreplayable, schemaOfType } from "../rights/replayable.ts"
import { guardKnown, type RestrictedSelect, restrictSelect } from "../rights/restricted-select.ts"
import { restrictWrite } from "../rights/restricted-write.ts"
import { guardSelect } from "../rights/select-guard.ts"
import { versionWrite } from "../rights/version-writes.ts"
import { guardWrite, targetOf, type WriteRules } from "../rights/write-guard.ts"
import { pgColumnNames } from "../values/column-names.ts"
import { substituteVirtual, type VirtualRead } from "../virtual/virtual-reads.ts"
import type { VirtualTables } from "../virtual/virtual-tables.ts"
import { type VirtualWrite, virtualWrite } from "../virtual/write-statements.ts"
import { type SessionCommand, sessionCommand } from "./session-commands.ts"
import type { EnginePlan } from "./statement-kinds.ts"

/** What is to be done for one statement, after every check. */
export type Plan =
  | { kind: "session"; command: SessionCommand }
  | { kind: "door"; statement: DoorStatement }
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
      /** CREATE TYPE: its schema, which must be in the database's file before. */
      typeInSchema?: string | undefined
      /** undefined: as the engine names them. */
      columnNames: string[] | undefined
      /** The statement's tree, where it has one. */
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
      /** What the client should know. */
      notices: string[]
    }

export interface PlanContext {
  parser: SqlParser
  readDoorStatement: ReadDoorStatement
  virtualTables: VirtualTables
  facts: SessionFacts
  rules: WriteRules
  /** What the user may do now. Throws 57P01 when there is no such user any more. */
  access(): Promise<SqlAccess>
  place(): NamePlace
  ask: AskEngine
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

async function planSelect(
  sql: string,
  tree: Tree,
  context: PlanContext,
  access: SqlAccess,
): Promise<EnginePlan> {
  const columnNames = pgColumnNames(tree)
  const checked = await checkSelect(sql, tree, context, access)
  return {
    kind: "engine",
    sql: checked.sql,
    verb: "SELECT",
    writesIn: undefined,
    columnNames,
    tree,
    virtual: checked.virtual,
    reads: namesReadBy(tree),
    positionsHold: checked.sql === sql,
    needs: access.isSuperuser ? "superuser" : checked.needs,
    isVeiled: checked.readsViews,
    notices: [],
  }
}

async function checkSelect(
  sql: string,
  tree: Tree,
  context: PlanContext,
  access: SqlAccess,
): Promise<RestrictedSelect> {
  const { parser } = context
  const place = context.place()
  const { ask } = context
  const known = await pinKnownRelations(tree, { place, ask, databases: context.rules.databases })
  const rules = { ...context.rules, known }
  if (!access.isSuperuser) refuseReservedNames(tree, known)
  const listsTables = !access.isSuperuser && (await listVisibleTables(tree, parser))
  const rewritten = rewriteForSession(tree, context.facts)
  guardSelect(tree, rules)
  if (!access.isSuperuser) guardKnown(tree, rules.functions)
  const isConfined = confineCalls(tree)
  refuseNestedValues(tree)
  refuseCostly(tree, rules.functions.macros)
  if (!access.readsAll) await refuseHiddenTypes(tree, { access, place: context.place(), ask: context.ask })
  const looksUp = [...nodesOf(tree.statements ?? null)].some(isTableNode)
  if (!access.readsAll && looksUp) {
    const pinned = await restrictSelect(tree, parser, rules, { access, place, ask })
    const virtual = await substituteVirtual(pinned.tree, context.virtualTables, parser)
    return { ...pinned, virtual, sql: virtual.length === 0 ? pinned.sql : await parser.deparse(pinned.tree) }
  }
  const isOther = rewritten || listsTables || isConfined || known.size > 0
  const virtual = await substituteVirtual(tree, context.virtualTables, parser)
  return { readsViews: false, sql: isOther ? await parser.deparse(tree) : sql, needs: [], virtual }
}

/** A change of a virtual table; undefined: of another one. */
async function planVirtualWrite(
  tokens: Token[],
  sql: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<Plan | undefined> {
  const find = (name: readonly string[]) => {
    const [table = "", schema = "", catalog = ""] = [...name].reverse()
    const found = context.virtualTables.find({ catalog, schema, table }, context.place().database)
    if (found !== undefined) requireReader(found, access.isSuperuser)
    return found
  }
  const write = virtualWrite(tokens, sql, find)
  if (write === undefined) return undefined
  const parsed = await context.parser.parse(write.query)
  if (parsed.kind === "broken") throw new PgError(parsed.error.code, parsed.error.message)
  if (parsed.kind === "other") throw new PgError("0A000", "only a query can stand here")
  const query = await planSelect(write.query, parsed.tree, context, access)
  return { kind: "virtualWrite", write, query: { ...query, positionsHold: false } }
}

async function planWrite(
  tokens: Token[],
  sql: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<Plan> {
  const virtual = await planVirtualWrite(tokens, sql, context, access)
  return virtual ?? planTableWrite(tokens, sql, context, access)
}

async function planTableWrite(
  tokens: Token[],
  sql: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<EnginePlan> {
  const rest = {
    kind: "engine" as const,
    columnNames: undefined,
    tree: undefined,
    virtual: [],
    reads: namesReadInWrite(tokens),
    isVeiled: false,
    notices: [],
  }
  if (access.isSuperuser) {
    const kept = await versionWrite(tokens, sql, context)
    if (kept !== undefined)
      return { ...rest, ...kept, isOnVersions: true, positionsHold: false, needs: "superuser" }
    const { ask, rules } = context
    const known = await knownRelationsIn(tokens, { place: context.place(), ask, databases: rules.databases })
    const written = guardWrite(tokens, sql, { ...rules, known })
    const target = targetOf(tokens)
    await refuseUnreplayable(target, tokens, context)
    const typeInSchema = schemaOfType(target, tokens, context.place())
    const bounded = await boundedWrite(tokens, sql, context.parser, rules.functions.macros)
    const positionsHold = bounded === sql
    return { ...rest, ...written, typeInSchema, sql: bounded, positionsHold, needs: "superuser" }
  }
  let isVeiled = false
  const virtual: VirtualRead[] = []
  const checked = async (sql: string, tree: Tree) => {
    const select = await checkSelect(sql, tree, context, access)
    isVeiled ||= select.readsViews
    virtual.push(...select.virtual)
    return select
  }
  const write = await restrictWrite(tokens, sql, {
    access,
    rules: context.rules,
    place: context.place(),
    parser: context.parser,
    ask: context.ask,
    select: async (query) => {
      const parsed = await context.parser.parse(query)
      if (parsed.kind === "broken") throw parsed.error
      if (parsed.kind === "other") throw new PgError("0A000", "only a query can stand here")
      return checked(query, parsed.tree)
    },
    selectTree: (tree) => checked("", tree),
  })
  return { ...rest, ...write, virtual, isVeiled, positionsHold: false }
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
  const statement = context.readDoorStatement(tokens, text)
  if (statement) return { kind: "door", statement }
  const command = sessionCommand(tokens)
  if (command) return { kind: "session", command }
  return planEngine(spelled, tokens, context, access)
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
  const { sql: spelled, notices } = fromRedshift(typed)
  const isAsTyped = spelled === typed
  const tokens = isAsTyped ? typedTokens : tokenize(spelled)
  const plan = await planSpelled(spelled, tokens, context, access)
  if (plan.kind !== "engine") return plan
  return { ...plan, notices, positionsHold: plan.positionsHold && isAsTyped }
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
      throw parsed.error
    case "select":
      return planSelect(spelled, parsed.tree, context, access)
    case "other":
      return planWrite(tokens, spelled, context, access)
  }
}
