/** `CREATE TABLE t (LIKE other [INCLUDING DEFAULTS], …)`, which the engine lacks: written out as the other table's columns. */
import { allows, type SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"
import { foldName } from "../../../domain/sql-access.ts"
import { quoteIdentifier, quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { hiddenSchemas } from "../../contract.ts"
import { type TokenReader, tokenReader } from "../../text/token-reader.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"
import { isCreateTable, queryStart } from "../dialect/create-table.ts"
import { applyEdits, type Edit } from "../dialect/edits.ts"
import {
  type AskEngine,
  meantRelation,
  type NamePlace,
  type RelationName,
  relationsNamed,
} from "../rights/relation-names.ts"

export interface LikeContext {
  place(): NamePlace
  ask: AskEngine
}

interface Like {
  start: number
  end: number
  name: string[]
  includesDefaults: boolean
}

/**
 * The statement with each LIKE written out: names, types, NOT NULL and, if they are included, defaults; no keys, as in the cloud.
 *
 * @throws PgError 42P01 (no such table, or none that the user may read), 42601
 */
export async function withLikeTables(sql: string, context: LikeContext, access: SqlAccess): Promise<string> {
  if (!/\blike\b/i.test(sql)) return sql
  const tokens = tokenize(sql)
  const likes = likesIn(tokens)
  if (likes.length === 0) return sql
  const edits: Edit[] = []
  for (const like of likes) {
    const columns = await columnsLike(like, context, access)
    edits.push({ start: like.start, end: like.end, text: columns.join(", ") })
  }
  return applyEdits(sql, edits)
}

function likesIn(tokens: readonly Token[]): Like[] {
  if (!isCreateTable(tokens)) return []
  const likes: Like[] = []
  let depth = 0
  for (const [at, token] of tokens.slice(0, queryStart(tokens)).entries()) {
    if (isSymbol(token, "(")) depth++
    else if (isSymbol(token, ")")) depth--
    const isFirst = isSymbol(tokens[at - 1], "(") || isSymbol(tokens[at - 1], ",")
    if (depth === 1 && isFirst && isWord(token, "like")) likes.push(likeAt(tokens, at))
  }
  return likes
}

function likeAt(tokens: readonly Token[], at: number): Like {
  const reader = tokenReader(tokens, at + 1)
  const name = [reader.name()]
  while (reader.takeSymbol(".")) name.push(reader.name())
  const includesDefaults = defaultsOf(reader)
  if (!reader.seesSymbol(")") && !reader.seesSymbol(",")) throw reader.unexpected()
  const [first, last] = [tokens[at], tokens[reader.position() - 1]]
  return { start: first?.start ?? 0, end: last?.end ?? 0, name, includesDefaults }
}

function defaultsOf(reader: TokenReader): boolean {
  if (reader.take("including", "defaults")) return true
  reader.take("excluding", "defaults")
  return false
}

async function columnsLike(
  { name, includesDefaults }: Like,
  { place, ask }: LikeContext,
  access: SqlAccess,
): Promise<string[]> {
  const found = meantRelation(name, place(), await relationsNamed([name.at(-1) ?? ""], ask))
  if (found === undefined || !mayRead(found, access)) {
    throw new PgError("42P01", `relation "${name.join(".")}" does not exist`)
  }
  const rows = await ask(
    `SELECT column_name, data_type, is_nullable, coalesce(column_default, '') FROM duckdb_columns()
      WHERE database_name = ${quoteLiteral(found.database)} AND schema_name = ${quoteLiteral(found.schema)}
        AND table_name = ${quoteLiteral(found.name)} ORDER BY column_index`,
  )
  return rows.map(([column = "", type = "", isNullable, value = ""]) => {
    const notNull = isNullable === "true" ? "" : " NOT NULL"
    const byDefault = includesDefaults && value !== "" ? ` DEFAULT ${value}` : ""
    return `${quoteIdentifier(column)} ${type}${byDefault}${notNull}`
  })
}

function mayRead({ database, schema, name }: RelationName, access: SqlAccess): boolean {
  if (access.isSuperuser) return true
  const scope = { database: foldName(database), schema: foldName(schema), table: foldName(name) }
  return !hiddenSchemas.has(schema.toLowerCase()) && allows(access, "select", scope)
}
