import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName, type GrantScope, type Privilege } from "../../../domain/sql-access.ts"
import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { cursorOver, type TokenCursor } from "../../text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { copyOfTree, isTree, type SqlParser, type Tree } from "../dialect/syntax-tree.ts"
import { type Need, requirePrivilege } from "./pin-relations.ts"
import {
  type AskEngine,
  meantRelation,
  type NamePlace,
  type RelationName,
  relationsNamed,
} from "./relation-names.ts"
import type { RestrictedSelect } from "./restricted-select.ts"
import { checkTarget, type WriteRules } from "./write-guard.ts"

export interface RestrictedWriteContext {
  rules: WriteRules
  access: SqlAccess
  place: NamePlace
  parser: SqlParser
  ask: AskEngine
  /** Checks and pins a query inside the statement. */
  select(sql: string): Promise<RestrictedSelect>
  /** The same for one that is parsed already. */
  selectTree(tree: Tree): Promise<RestrictedSelect>
}

export interface RestrictedWrite {
  verb: string
  sql: string
  needs: Need[]
  writesIn: string
}

const writable =
  "With the rights for it: INSERT INTO t [(columns)] query, CREATE TABLE t (name type, …) or AS query, DELETE FROM t [WHERE …], TRUNCATE t, DROP TABLE t."

function notSupported(): PgError {
  return new PgError("0A000", "this form of statement is for administrators", { hint: writable })
}

interface Target {
  sql: string
  database: string
  need: Need
}

function targetOf(
  verb: string,
  privilege: Privilege,
  names: RelationName,
  context: RestrictedWriteContext,
): Target {
  const qualified = [names.database, names.schema, names.name]
  checkTarget({ verb, isSchema: false, names: [qualified] }, context.rules)
  const [database, schema, table] = qualified.map(foldName)
  const scope: GrantScope = { database: database ?? "", schema: schema ?? "", table: table ?? "" }
  const need: Need = { privilege, scope: privilege === "create" ? { ...scope, table: "" } : scope }
  requirePrivilege(context.access, need)
  return { need, database: names.database, sql: qualified.map(quoteIdentifier).join(".") }
}

/** A table that is there. Throws 42P01, 42501, 25006. */
async function existing(
  verb: string,
  privilege: Privilege,
  parts: string[],
  context: RestrictedWriteContext,
): Promise<Target> {
  const found = await relationsNamed([parts.at(-1) ?? ""], context.ask)
  const relation = meantRelation(parts, context.place, found)
  if (relation === undefined) {
    throw new PgError("42P01", `relation "${parts.join(".")}" does not exist, or you may not use it`)
  }
  return targetOf(verb, privilege, relation, context)
}

/** A table to be made: unqualified, it goes where the search path begins. */
function created(parts: string[], context: RestrictedWriteContext): Target {
  const [name = "", schema = context.place.searchPath[0] ?? "main", database = context.place.database] = [
    ...parts,
  ].reverse()
  const known = context.rules.databases().find((one) => foldName(one) === foldName(database))
  if (known === undefined) throw new PgError("3D000", `database "${database}" does not exist`)
  return targetOf("CREATE TABLE", "create", { database: known, schema, name }, context)
}

function columnList(cursor: TokenCursor): string {
  if (!cursor.symbol("(")) return ""
  const names = [cursor.name()]
  while (cursor.symbol(",")) names.push(cursor.name())
  if (!cursor.symbol(")")) throw cursor.unexpected()
  return ` (${names.map(quoteIdentifier).join(", ")})`
}

async function insert(
  cursor: TokenCursor,
  sql: string,
  context: RestrictedWriteContext,
): Promise<RestrictedWrite> {
  cursor.expect("into")
  const target = await existing("INSERT", "insert", cursor.dotted(3), context)
  // `(` may also begin the query.
  const columns = cursor.isQueryAhead() ? "" : columnList(cursor)
  const query = await context.select(sql.slice(cursor.position()))
  return {
    verb: "INSERT",
    sql: `INSERT INTO ${target.sql}${columns} ${query.sql}`,
    needs: [target.need, ...query.needs],
    writesIn: target.database,
  }
}

/** Words of a column's definition that bring no expression with them. */
const columnWords = new Set(
  `primary key unique not null array bigint bit bitstring blob bool boolean bytea char character date datetime dec decimal double
  float float4 float8 hugeint int int1 int2 int4 int8 integer interval json long numeric nvarchar precision real short smallint
  string text time timestamp timestamptz tinyint uuid varbinary varbyte varchar varying zone with without`.split(
    /\s+/,
  ),
)

/** The definitions put together anew, if they are names, types, keys and NOT NULL and nothing else. */
function plainDefinitions(tokens: Token[], start: number, sql: string): string {
  const body = tokens.slice(start)
  const isWhole = isSymbol(body[0], "(") && isSymbol(body.at(-1), ")") && !depthEndsEarly(body)
  if (!isWhole || !body.every((token, index) => isPlain(body, index, token, sql))) throw notSupported()
  return body.map(({ kind, value }) => (kind === "quoted" ? quoteIdentifier(value) : value)).join(" ")
}

function isPlain(body: Token[], index: number, token: Token, sql: string): boolean {
  const before = body[index - 1]
  switch (token.kind) {
    case "number":
      return true
    case "symbol":
      return ["(", ")", ",", "[", "]"].includes(token.value)
    case "quoted":
    case "word": {
      if (/^u&/i.test(sql.slice(token.start, token.end))) return false
      const isName = isSymbol(before, ",") || isSymbol(before, "(")
      if (isName && !isSymbol(body[index + 1], "(")) return true
      return token.kind === "word" && columnWords.has(token.value)
    }
    case "string":
    case "parameter":
      return false
  }
}

function depthEndsEarly(body: Token[]): boolean {
  let depth = 0
  for (const [index, token] of body.entries()) {
    if (isSymbol(token, "(")) depth++
    if (isSymbol(token, ")")) depth--
    if (depth === 0 && index < body.length - 1) return true
  }
  return depth !== 0
}

async function createTable(
  cursor: TokenCursor,
  tokens: Token[],
  sql: string,
  context: RestrictedWriteContext,
): Promise<RestrictedWrite> {
  cursor.expect("table")
  const ifNotExists = cursor.take("if")
  if (ifNotExists) {
    cursor.expect("not")
    cursor.expect("exists")
  }
  const target = created(cursor.dotted(3), context)
  const head = `CREATE TABLE ${ifNotExists ? "IF NOT EXISTS " : ""}${target.sql}`
  if (cursor.take("as")) {
    const query = await context.select(sql.slice(cursor.position()))
    return {
      verb: "CREATE TABLE",
      sql: `${head} AS ${query.sql}`,
      needs: [target.need, ...query.needs],
      writesIn: target.database,
    }
  }
  return {
    verb: "CREATE TABLE",
    sql: `${head} ${plainDefinitions(tokens, cursor.index(), sql)}`,
    needs: [target.need],
    writesIn: target.database,
  }
}

async function deleteRows(
  cursor: TokenCursor,
  sql: string,
  context: RestrictedWriteContext,
): Promise<RestrictedWrite> {
  cursor.expect("from")
  const start = cursor.position()
  const target = await existing("DELETE", "delete", cursor.dotted(3), context)
  if (!cursor.isEnd() && !cursor.isWord("where")) throw notSupported()
  const parsed = await context.parser.parse(`SELECT * FROM ${sql.slice(start)}`)
  if (parsed.kind !== "select") throw parsed.kind === "broken" ? parsed.error : notSupported()
  const node = selectNode(parsed.tree)
  if (node === undefined || !isTree(node.from_table) || node.from_table.type !== "BASE_TABLE")
    throw notSupported()
  const whole = await context.selectTree(parsed.tree)
  const bare = copyOfTree(parsed.tree)
  const bareNode = selectNode(bare)
  if (bareNode) bareNode.where_clause = null
  const text = (await context.parser.deparse(bare)).trimEnd()
  const prefix = text.endsWith(";") ? text.slice(0, -1) : text
  const rest = whole.sql.startsWith(prefix) ? whole.sql.slice(prefix.length).trim() : undefined
  if (rest === undefined || (rest !== "" && !/^WHERE /.test(rest))) throw notSupported()
  return {
    verb: "DELETE",
    sql: `DELETE FROM ${target.sql} ${rest}`,
    needs: [target.need, ...whole.needs],
    writesIn: target.database,
  }
}

function selectNode(tree: Tree): Tree | undefined {
  const statement = Array.isArray(tree.statements) ? tree.statements[0] : undefined
  const node = isTree(statement) && isTree(statement.node) ? statement.node : undefined
  return node?.type === "SELECT_NODE" ? node : undefined
}

async function wholeTable(
  verb: string,
  cursor: TokenCursor,
  privilege: Privilege,
  context: RestrictedWriteContext,
): Promise<RestrictedWrite> {
  if (privilege === "drop") cursor.expect("table")
  else cursor.take("table")
  const ifExists = privilege === "drop" && cursor.take("if")
  if (ifExists) cursor.expect("exists")
  const target = await existing(verb, privilege, cursor.dotted(3), context)
  cursor.end()
  return {
    verb,
    sql: `${verb === "TRUNCATE TABLE" ? "TRUNCATE" : verb} ${target.sql}`,
    needs: [target.need],
    writesIn: target.database,
  }
}

/**
 * A change by somebody who is no administrator. Only shapes that can be taken apart are let through, and what runs is
 * put together anew: names in full, queries as they were checked. Throws PgError.
 */
export async function restrictWrite(
  tokens: Token[],
  sql: string,
  context: RestrictedWriteContext,
): Promise<RestrictedWrite> {
  const cursor = cursorOver(tokens)
  const [first] = tokens
  cursor.skip(1)
  if (isWord(first, "insert")) return insert(cursor, sql, context)
  if (isWord(first, "create") && cursor.isWord("table")) return createTable(cursor, tokens, sql, context)
  if (isWord(first, "delete")) return deleteRows(cursor, sql, context)
  if (isWord(first, "truncate")) return wholeTable("TRUNCATE TABLE", cursor, "truncate", context)
  if (isWord(first, "drop") && cursor.isWord("table"))
    return wholeTable("DROP TABLE", cursor, "drop", context)
  throw new PgError("42501", `permission denied: user "${context.rules.user}" may not do this`, {
    hint: writable,
  })
}
