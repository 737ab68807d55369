import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isWord, outsideOfText, type Token } from "../../text/tokens.ts"
import { refuseDeep } from "./lexical.ts"

const operatorCharactersAtMost = 63
const charactersInARowAtMost = 500
const setOperationsAtMost = 1000

/** Each is a join to the planner: 100 take 0.2 s, 200 a second, all of it on the native stack. */
const differencesAtMost = 100

const operatorCharacters = new Set("~!@#^&|`?+-*/%<>=")

/** Whether more operator characters follow each other than may; one look at each character. */
function hasLongRun(text: string): boolean {
  let run = 0
  for (let at = 0; at < text.length; at++) {
    run = operatorCharacters.has(text.charAt(at)) ? run + 1 : 0
    if (run > charactersInARowAtMost) return true
  }
  return false
}

/**
 * The engine's parser and planner cannot be interrupted, and the planner's memory counts towards no limit. So what would
 * keep them busy for minutes or fill the machine's memory never reaches them: operator characters in a row (a comment's,
 * too) cost the square or the cube of their number, set operations the square. Throws 42601, 54001.
 */
export function refuseTooComplex(sql: string, tokens: Token[]): void {
  const long = tokens.find(
    ({ kind, start, end }) => kind === "symbol" && end - start > operatorCharactersAtMost,
  )
  if (long) throw new PgError("42601", "operator too long", { position: long.start + 1 })
  if (hasLongRun(sql) && hasLongRun(outsideOfText(sql))) {
    throw new PgError("54001", `more than ${charactersInARowAtMost} operator characters in a row`, {
      hint: "Block comments count, too: shorten the lines drawn in them.",
    })
  }
  const setOperations = tokens.filter((token) => isWord(token, "union", "intersect", "except")).length
  if (setOperations > setOperationsAtMost) {
    throw new PgError("54001", `more than ${setOperationsAtMost} set operations in one statement`, {
      hint: "Rows of constants can be one VALUES list.",
    })
  }
  const differences = tokens.filter((token) => isWord(token, "intersect", "except")).length
  if (differences > differencesAtMost) {
    throw new PgError("54001", `more than ${differencesAtMost} INTERSECT or EXCEPT in one statement`, {
      hint: "NOT IN, or one INTERSECT with a UNION, says the same.",
    })
  }
  refuseDeep(tokens)
}
