import type { SqlAccess } from "../../../../control-plane/sql-users/sql-access.ts"
import { foldName } from "../../../../domain/sql-access.ts"
import { quoteLiteral } from "../../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../../wire/pgwire/pg-error.ts"
import { isWord, type Token, tokenize } from "../../../text/tokens.ts"
import { requireReader } from "../../../virtual-table.ts"
import { boundedWrite } from "../../bounds/written-queries.ts"
import { foldedInEngine } from "../../catalog/visibility.ts"
import type { Tree } from "../../dialect/syntax-tree.ts"
import { free, type GovernedReading } from "../../governance/still-holds.ts"
import { knownRelationsIn, withDatabases } from "../../rights/known-relations.ts"
import { namesReadInWrite } from "../../rights/read-states.ts"
import { refuseUnreplayable, schemaOfType } from "../../rights/replayable.ts"
import { restrictWrite } from "../../rights/restricted-write.ts"
import { versionWrite } from "../../rights/version-writes.ts"
import { guardWrite, type Target, targetOf } from "../../rights/write-guard.ts"
import { giveMeaning } from "../../semantics/session-meaning.ts"
import { meanPieces } from "../../semantics/written-expressions.ts"
import type { VirtualRead } from "../../virtual/virtual-reads.ts"
import { virtualWrite } from "../../virtual/write-statements.ts"
import type { Plan } from "../plan.ts"
import type { EnginePlan } from "../statement-kinds.ts"
import type { PlanContext } from "./context.ts"
import { checkSelect, planSelect } from "./queries.ts"

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
    if (found !== undefined) requireReader(found, access)
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

/** A change of a table, virtual or not. Throws PgError. */
export async function planWrite(
  tokens: Token[],
  sql: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<Plan> {
  const virtual = await planVirtualWrite(tokens, sql, context, access)
  return virtual ?? planTableWrite(tokens, sql, context, access)
}

/** What all changes have in common. */
function changeOf(tokens: Token[]) {
  return {
    kind: "engine" as const,
    columnNames: undefined,
    settingCalls: [],
    tree: undefined,
    virtual: [],
    reads: namesReadInWrite(tokens),
    isVeiled: false,
    governed: free,
    notices: [],
  }
}

async function planTableWrite(
  tokens: Token[],
  sql: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<EnginePlan> {
  if (!access.isSuperuser) return planRestrictedWrite(tokens, sql, context, access)
  const kept = await versionWrite(tokens, sql, context)
  if (kept !== undefined)
    return { ...changeOf(tokens), ...kept, isOnVersions: true, positionsHold: false, needs: "superuser" }
  const { ask, rules } = context
  const around = { place: context.place(), ask, databases: rules.databases }
  const clear = await withDatabases(tokens, sql, around)
  const clearTokens = clear === sql ? tokens : tokenize(clear)
  const known = await knownRelationsIn(clearTokens, around)
  const written = guardWrite(clearTokens, clear, { ...rules, known })
  const target = targetOf(clearTokens)
  await refuseUnreplayable(target, clearTokens, context)
  return {
    ...changeOf(clearTokens),
    ...written,
    isOnTemporary: await isOnTemporary(target, clearTokens, context),
    typeInSchema: schemaOfType(target, clearTokens, context.place()),
    ...(await boundedText(clearTokens, clear, sql, context)),
    needs: "superuser",
  }
}

/** CREATE TEMP …, and what names a temporary table that is there. */
async function isOnTemporary(target: Target, tokens: Token[], { ask }: PlanContext): Promise<boolean> {
  if (isWord(tokens[0], "create"))
    return tokens.slice(1, 4).some((token) => isWord(token, "temp", "temporary"))
  const [[name = "", ...more] = []] = target.names
  if (!isWord(tokens[0], "drop", "alter") || target.names.length > 1 || more.length > 0) return false
  const found = await ask(
    `SELECT 1 FROM duckdb_tables() WHERE database_name = 'temp' AND ${foldedInEngine("table_name")} = ${quoteLiteral(foldName(name))}`,
  )
  return found.length > 0
}

async function boundedText(
  tokens: Token[],
  clear: string,
  typed: string,
  { parser, rules, facts }: PlanContext,
) {
  const mean = (tree: Tree) => giveMeaning(tree, facts, { isStored: true })
  const meant = await meanPieces(tokens, clear, parser, (tree) =>
    giveMeaning(tree, facts, { isStored: false }),
  )
  if (meant !== clear) return { sql: meant, positionsHold: false }
  const sql = await boundedWrite(tokens, clear, { parser, macros: rules.functions.macros, mean })
  return { sql, positionsHold: sql === typed }
}

/** A change by somebody who is no administrator. */
async function planRestrictedWrite(
  tokens: Token[],
  sql: string,
  context: PlanContext,
  access: SqlAccess,
): Promise<EnginePlan> {
  let isVeiled = false
  // Of the one query that such a statement has.
  let governed: GovernedReading = free
  const virtual: VirtualRead[] = []
  const checked = async (sql: string, tree: Tree) => {
    const select = await checkSelect(sql, tree, { ...context, isStored: true }, access)
    isVeiled ||= select.isVeiled
    governed = select.governed
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
  return { ...changeOf(tokens), ...write, virtual, isVeiled, governed, positionsHold: false }
}
