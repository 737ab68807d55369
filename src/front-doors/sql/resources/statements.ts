import { isSymbol, isWord, type Token, tokenize } from "../../../query/text/tokens.ts"
import { readChange } from "./change-text.ts"
import { isProvider, type ResourceCommand } from "./commands.ts"
import { execCommand } from "./exec.ts"
import { readReturning, returningAt } from "./returning.ts"
import { showCommand } from "./show-text.ts"

/** `undefined`: it is no statement about resources. Throws 42601, 42703. */
export function resourceCommand(text: string, typed: string): ResourceCommand | undefined {
  if (!maybe.test(text)) return undefined
  const tokens = tokenize(text).filter((token) => !isSymbol(token, ";"))
  return changeCommand(tokens, text, typed) ?? execCommand(tokens, text, typed) ?? showCommand(tokens, typed)
}

/** What such statements may begin with; the hint behind a verb is blank. */
const maybe =
  /^\s*(?:insert|update|replace|delete|explain|show|desc|describe|registry|exec|use|auth|sleep)\b/i

/** The hint behind the verb. No two parts match the same text: a long one takes linear time. */
const hint =
  /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:insert|update|replace|delete)\s*\/\*\+([^*]*)\*\//i

function changeCommand(tokens: Token[], text: string, typed: string): ResourceCommand | undefined {
  const isExplained = isWord(tokens[0], "explain")
  const own = isExplained ? tokens.slice(1) : tokens
  if (!isOfResources(own)) return undefined
  const end = returningAt(own)
  const change = readChange(own.slice(0, end), text)
  if (isExplained) return { kind: "explain", change }
  return {
    kind: "change",
    change,
    returning: readReturning(own, change),
    isAwaited: /\bAWAIT\b/i.test(hint.exec(typed)?.[1] ?? ""),
  }
}

/** INSERT, UPDATE, REPLACE or DELETE of a name of our provider's. */
function isOfResources(tokens: readonly Token[]): boolean {
  let at = 1
  if (isWord(tokens[0], "insert")) {
    if (isWord(tokens[at], "ignore")) at++
    if (isWord(tokens[at], "into")) at++
  } else if (isWord(tokens[0], "delete")) at++
  else if (!isWord(tokens[0], "update", "replace")) return false
  return isProvider(tokens, at) && isSymbol(tokens[at + 1], ".")
}
