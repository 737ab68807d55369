import { quoteIdentifier } from "../../../warehouses/duckdb/quoting.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import type { Edit } from "./edits.ts"

/** `#stage` is a temporary table: also where it is made by CREATE TABLE without TEMP. */
export function temporaryNameEdits(tokens: readonly Token[], at: number): Edit[] {
  const [sign, name] = [tokens[at], tokens[at + 1]]
  if (sign === undefined || !isSymbol(sign, "#") || name?.kind !== "word" || name.start !== sign.end)
    return []
  const edit = { start: sign.start, end: name.end, text: quoteIdentifier(`#${name.value}`) }
  const [create, table] = tokens
  const isMade = isWord(create, "create") && isWord(table, "table") && isNameOfTable(tokens, at)
  return isMade && table !== undefined
    ? [{ start: table.start, end: table.start, text: "TEMP " }, edit]
    : [edit]
}

function isNameOfTable(tokens: readonly Token[], at: number): boolean {
  return tokens.slice(2, at).every((token) => isWord(token, "if", "not", "exists"))
}
