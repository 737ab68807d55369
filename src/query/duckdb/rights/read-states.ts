import type { GuardedTable } from "../../../control-plane/databases/guarded-tables.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"
import { nodesOf, type Tree, textAt } from "../dialect/syntax-tree.ts"
import { isTableNode } from "./pin-relations.ts"
import { meantRelation, type NamePlace } from "./relation-names.ts"

/** What a statement reads, by names of one to three parts. */
export type ReadNames = string[][]

export function namesReadBy(tree: Tree): ReadNames {
  return [...nodesOf(tree.statements ?? null)]
    .filter(isTableNode)
    .map((node) =>
      [textAt(node, "catalog_name"), textAt(node, "schema_name"), textAt(node, "table_name")].filter(
        (part) => part !== "",
      ),
    )
}

/** A statement that writes has no tree: whatever stands where a table may, at the cost of some that are columns. */
export function namesReadInWrite(tokens: readonly Token[]): ReadNames {
  const names: ReadNames = []
  for (const [index, token] of tokens.entries()) {
    if (!isWord(token, "from", "join", "using") && !isSymbol(token, ",")) continue
    const parts: string[] = []
    for (let at = index + 1; ; at += 2) {
      const part = tokens[at]
      if (part?.kind !== "word" && part?.kind !== "quoted") break
      parts.push(part.value)
      if (!isSymbol(tokens[at + 1], ".")) break
    }
    if (parts.length > 0) names.push(parts)
  }
  return names
}

/** In a database with QUERY_ALL_STATES off, only Synced tables can be read. Throws PgError. */
export function refuseUnsynced(
  names: ReadNames,
  place: NamePlace,
  guarded: () => readonly GuardedTable[],
): void {
  if (names.length === 0) return
  const wanted = new Set(names.map((parts) => parts.at(-1)?.toLowerCase()))
  const found = guarded().filter(({ name }) => wanted.has(name.toLowerCase()))
  for (const parts of names) {
    const meant = meantRelation(parts, place, found)
    const table = found.find((one) => one === meant)
    if (table === undefined || table.state === "Synced") continue
    const reason = table.reason === null ? "" : `: ${table.reason}`
    throw new PgError(
      "55000",
      `table ${table.schema}.${table.name} cannot be read while it is ${table.state}${reason}`,
      {
        hint: `ALTER DATABASE ${table.database} INTEGRATION SET QUERY_ALL_STATES TRUE lets it be read as it was last in step.`,
      },
    )
  }
}
