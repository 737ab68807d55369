import { PgError } from "../../../../wire/pgwire/pg-error.ts"
import { isWord, type Token, tokenize } from "../../../text/tokens.ts"
import { applyEdits } from "../edits.ts"
import { outerJoinEdits } from "./outer-joins.ts"
import { selectIntoEdits } from "./select-into.ts"
import { shownList } from "./shown-lists.ts"
import { superRowsEdits } from "./super-rows.ts"

/** Each is a new reading of the text. */
const outerJoinsAtMost = 10

/** From the last SELECT to the first: an inner query is rewritten before the one around it. */
function withoutOuterMarks(sql: string): string {
  let text = sql
  for (let pass = 0; /\(\s*\+\s*\)/.test(text); pass++) {
    if (pass > outerJoinsAtMost)
      throw new PgError("54001", "the operator (+) in more than 10 queries of one statement")
    const tokens = tokenize(text)
    const selects = tokens.flatMap((token, at) => (isWord(token, "select") ? [at] : []))
    let edits = outerJoinEdits(tokens, selects.at(-1) ?? -1, text)
    for (let at = selects.length - 2; at >= 0 && edits.length === 0; at--)
      edits = outerJoinEdits(tokens, selects[at] ?? -1, text)
    if (edits.length === 0) return text
    text = applyEdits(text, edits)
  }
  return text
}

function withSuperRows(sql: string): string {
  const tokens = tokenize(sql)
  const edits = [...tokens.keys()].flatMap((at) => superRowsEdits(tokens, at, sql))
  return edits.length === 0 ? sql : applyEdits(sql, edits)
}

/** A comma, and behind it a name with a dot: perhaps a value of the table before it. */
const perhapsSuperRows = /,\s*["\w]+\s*(\.|\[)/

/**
 * Statements and clauses that the engine has in another form: SHOW of lists, SELECT … INTO, `(+)`, arrays of SUPER values in FROM.
 * Before the words inside are put into the engine's. Throws PgError.
 */
export function restructured(sql: string, tokens: readonly Token[]): string {
  const shown = shownList(tokens)
  if (shown !== undefined) return shown
  const plain = withoutOuterMarks(sql)
  const rows = /\bfrom\b/i.test(plain) && perhapsSuperRows.test(plain) ? withSuperRows(plain) : plain
  if (!/\binto\b/i.test(rows)) return rows
  return applyEdits(rows, selectIntoEdits(rows === sql ? tokens : tokenize(rows)))
}
