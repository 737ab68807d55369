import { quoteLiteral } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"
import { type AskEngine, meantRelation, type NamePlace, relationsNamed } from "./relation-names.ts"
import type { Target } from "./write-guard.ts"

/**
 * Statements that DuckDB 1.5 runs and, after a crash, cannot replay from a database's log: the database could then not
 * be opened any more (docs/decisions/0023-the-log-must-be-replayable.md).
 *
 * - To replay an ALTER TABLE, the engine looks up the types and sequences in the table's CHECK constraints, generated
 *   columns and conversion in its in-memory database, where they are not. Such an ALTER is refused here.
 * - It makes types before the schemas of the same log: a type's schema must be in the database's file first.
 */
export interface ReplayContext {
  place(): NamePlace
  ask: AskEngine
}

/** The schema of the session's database that CREATE TYPE puts a type in; undefined: another statement, or `main`. */
export function schemaOfType(target: Target, tokens: Token[], place: NamePlace): string | undefined {
  if (target.verb !== "CREATE TYPE" || isWord(tokens[1], "temp", "temporary")) return undefined
  const [parts = []] = target.names
  const [, first = place.searchPath[0] ?? "main"] = [...parts].reverse()
  return first.toLowerCase() === "main" || first === place.database ? undefined : first
}

/** @throws PgError 0A000 for an ALTER TABLE that could not be replayed. */
export async function refuseUnreplayable(
  target: Target,
  tokens: Token[],
  context: ReplayContext,
): Promise<void> {
  if (target.verb !== "ALTER TABLE") return
  const typeAt = tokens.findIndex((token, at) => at > 2 && isWord(token, "type"))
  const conversion = typeAt < 0 ? [] : tokens.slice(typeAt + 1)
  const definition = tokenize(await definitionOf(target.names[0] ?? [], context))
  const bound = [
    ...conversionNames(conversion),
    ...groupsAfter(definition, "check", "as").flatMap(namesBound),
  ]
  if (bound.length === 0) return
  const sequence = bound.find((name) => sequenceFunctions.has(name))
  if (sequence !== undefined) throw unreplayable(`the function ${sequence}`)
  const types = new Set((await context.ask(userTypes)).map(([name = ""]) => name.toLowerCase()))
  const type = bound.find((name) => types.has(name.toLowerCase()))
  if (type !== undefined) throw unreplayable(`the type "${type}"`)
}

const userTypes = "SELECT type_name FROM duckdb_types() WHERE NOT internal"
const sequenceFunctions: ReadonlySet<string> = new Set(["nextval", "currval"])

function unreplayable(what: string): PgError {
  return new PgError("0A000", `ALTER TABLE is not supported where a column or constraint uses ${what}`, {
    detail: "After a crash the query engine could not replay this change from the database's log.",
    hint: "Make a new table by CREATE TABLE and INSERT … SELECT, then drop the old one. ADD COLUMN of such a type works.",
  })
}

/** The table's CREATE TABLE as the engine writes it; empty where there is none of the name. */
async function definitionOf(name: string[], { ask, place }: ReplayContext): Promise<string> {
  const found = await relationsNamed([name.at(-1) ?? ""], ask)
  const table = meantRelation(name, place(), found)
  if (table === undefined) return ""
  const [[sql = ""] = []] = await ask(
    `SELECT sql FROM duckdb_tables() WHERE database_name = ${quoteLiteral(table.database)} AND schema_name = ${quoteLiteral(table.schema)} AND table_name = ${quoteLiteral(table.name)}`,
  )
  return sql
}

/** What stands in parentheses after one of the words. */
function groupsAfter(tokens: Token[], ...words: string[]): Token[][] {
  const groups: Token[][] = []
  for (let at = 0; at < tokens.length; at++) {
    if (!isWord(tokens[at], ...words) || !isSymbol(tokens[at + 1], "(")) continue
    let depth = 0
    const start = at + 2
    do {
      at++
      if (isSymbol(tokens[at], "(")) depth++
      if (isSymbol(tokens[at], ")")) depth--
    } while (depth > 0 && at < tokens.length)
    groups.push(tokens.slice(start, at))
  }
  return groups
}

/** Of `TYPE type [USING expression]`: any name in the type, and in the expression what is looked up. */
function conversionNames(tokens: Token[]): string[] {
  const using = tokens.findIndex((token) => isWord(token, "using"))
  const type = using < 0 ? tokens : tokens.slice(0, using)
  const names = type.filter(isName).map(({ value }) => value)
  return using < 0 ? names : [...names, ...namesBound(tokens.slice(using + 1))]
}

/** Types that are cast to, and functions on sequences, in an expression. */
function namesBound(tokens: Token[]): string[] {
  return tokens.flatMap((token, at) => {
    if (!isName(token)) return []
    if (sequenceFunctions.has(token.value.toLowerCase()) && isSymbol(tokens[at + 1], "("))
      return [token.value.toLowerCase()]
    return isCastTo(tokens, at) ? [token.value] : []
  })
}

/** In `x::s.mood`, `CAST(x AS s.mood)` and their arrays: each part of the type's name. */
function isCastTo(tokens: Token[], at: number): boolean {
  let first = at
  while (isSymbol(tokens[first - 1], ".")) first -= 2
  return isSymbol(tokens[first - 1], "::") || isWord(tokens[first - 1], "as")
}

function isName({ kind }: Token): boolean {
  return kind === "word" || kind === "quoted"
}
