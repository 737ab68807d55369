import {
  closeActive,
  deleteClosed,
  type UsersTable,
  usersTableQuery,
} from "../../../warehouses/duckdb/guards/table-write-rules.ts"
import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type TokenReader, tokenReader } from "../../text/token-reader.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import {
  type AskEngine,
  meantRelation,
  type NamePlace,
  type RelationName,
  relationsNamed,
} from "./relation-names.ts"
import { guardWrite, type WriteRules } from "./write-guard.ts"

/** A statement that administrators may run on a table that keeps, or kept, versions. */
type VersionWrite =
  | { kind: "delete"; name: string[]; condition: string | undefined }
  | { kind: "truncate"; name: string[] }
  | { kind: "drop"; name: string[] }
  | { kind: "rename"; name: string[]; to: string }

const verbs: Record<VersionWrite["kind"], string> = {
  delete: "DELETE",
  truncate: "TRUNCATE TABLE",
  drop: "DROP TABLE",
  rename: "ALTER TABLE",
}

export interface VersionWriteContext {
  rules: WriteRules
  place(): NamePlace
  ask: AskEngine
}

/**
 * In a replicated database nothing can be written but this: versions that are closed can be deleted, a table with
 * versions truncated (which closes them), and what is no longer replicated dropped or renamed. `undefined`: it is none
 * of these. Throws PgError.
 */
export async function versionWrite(
  tokens: Token[],
  sql: string,
  context: VersionWriteContext,
): Promise<{ verb: string; sql: string; writesIn: string } | undefined> {
  const write = parse(tokens, sql)
  if (write === undefined) return undefined
  const { rules, ask } = context
  const found = await relationsNamed([write.name.at(-1) ?? ""], ask)
  const table = meantRelation(write.name, context.place(), found)
  if (table === undefined || !rules.isReplicated(table.database) || isHidden(table, rules)) return undefined
  const [row] = await ask(usersTableQuery(table.database, table))
  if (!isAllowed(write.kind, row?.[0] as UsersTable)) return undefined
  // All that it says of other tables, functions and files is judged as ever.
  guardWrite(tokens, sql, { ...rules, isReplicated: () => false })
  const target = [table.database, table.schema, table.name].map(quoteIdentifier).join(".")
  return { verb: verbs[write.kind], sql: statementOn(write, target), writesIn: table.database }
}

function isHidden({ database, schema }: RelationName, { hiddenSchemas }: WriteRules): boolean {
  return hiddenSchemas.has(schema.toLowerCase()) || ["memory", "system", "temp"].includes(database)
}

function isAllowed(kind: VersionWrite["kind"], table: UsersTable | undefined): boolean {
  const isOnRows = kind === "delete" || kind === "truncate"
  return table === "left" || (table === "versions" && isOnRows)
}

function statementOn(write: VersionWrite, target: string): string {
  switch (write.kind) {
    case "delete":
      return deleteClosed(target, write.condition)
    case "truncate":
      return closeActive(target)
    case "drop":
      return `DROP TABLE ${target}`
    case "rename":
      return `ALTER TABLE ${target} RENAME TO ${quoteIdentifier(write.to)}`
  }
}

function parse(tokens: Token[], sql: string): VersionWrite | undefined {
  const reader = tokenReader(tokens, 1)
  if (isWord(tokens[0], "delete")) return parseDelete(tokens, reader, sql)
  if (isWord(tokens[0], "truncate")) {
    reader.take("table")
    return atEnd(reader, { kind: "truncate", name: dotted(reader) })
  }
  if (isWord(tokens[0], "drop") && reader.take("table")) {
    reader.take("if", "exists")
    return atEnd(reader, { kind: "drop", name: dotted(reader) })
  }
  if (!isWord(tokens[0], "alter") || !reader.take("table")) return undefined
  const name = dotted(reader)
  return reader.take("rename", "to") ? atEnd(reader, { kind: "rename", name, to: reader.name() }) : undefined
}

function parseDelete(tokens: Token[], reader: TokenReader, sql: string): VersionWrite | undefined {
  reader.take("from")
  const name = dotted(reader)
  if (reader.atEnd()) return { kind: "delete", name, condition: undefined }
  const at = tokens.findIndex((token) => isWord(token, "where"))
  const where = tokens[at]
  if (!reader.take("where") || where === undefined) return undefined
  if (!isBalanced(tokens.slice(at + 1))) throw new PgError("42601", "unbalanced parentheses")
  return { kind: "delete", name, condition: sql.slice(where.end) }
}

/** What is put into parentheses must not get out of them. */
function isBalanced(tokens: Token[]): boolean {
  let depth = 0
  for (const token of tokens) {
    if (isSymbol(token, ";")) return false
    if (isSymbol(token, "(")) depth++
    if (isSymbol(token, ")")) depth--
    if (depth < 0) return false
  }
  return depth === 0 && tokens.length > 0
}

function atEnd(reader: TokenReader, write: VersionWrite): VersionWrite | undefined {
  return reader.atEnd() ? write : undefined
}

function dotted(reader: TokenReader): string[] {
  const parts = [reader.name()]
  while (reader.takeSymbol(".")) parts.push(reader.name())
  return parts
}
