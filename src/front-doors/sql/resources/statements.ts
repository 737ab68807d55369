import { cursorOver, type TokenCursor } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type ChangeText, readChange } from "./change-text.ts"
import { type ReturnedColumn, readReturning, returningAt } from "./returning.ts"

/** A statement about resources that the port runs itself. */
export type ResourceCommand =
  | ({ kind: "change"; returning: ReturnedColumn[] | undefined; isAwaited: boolean } & { change: ChangeText })
  | { kind: "explain"; change: ChangeText }
  | { kind: "showProviders" }
  | { kind: "showServices" }
  | { kind: "showResources"; service: string }
  | { kind: "showMethods"; table: string }
  | { kind: "describe"; table: string }
  | { kind: "registry" }

const provider = "awscc"

/** `undefined`: it is no statement about resources. Throws 42601, 42703. */
export function resourceCommand(text: string, typed: string): ResourceCommand | undefined {
  if (!maybe.test(text)) return undefined
  const tokens = tokenize(text).filter((token) => !isSymbol(token, ";"))
  return changeCommand(tokens, text, typed) ?? showCommand(tokens)
}

/** What such statements begin with; the hint behind a verb is blank. */
const maybe = /^\s*(?:insert|update|replace|delete|explain|show|desc|describe|registry)\b/i

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

/** `awscc`, or `aws.cloud_control`. */
function isProvider(tokens: readonly Token[], at: number): boolean {
  if (isName(tokens[at], provider)) return true
  return isName(tokens[at], "aws") && isName(tokens[at + 2], "cloud_control")
}

function isName(token: Token | undefined, name: string): boolean {
  return (token?.kind === "word" || token?.kind === "quoted") && token.value === name
}

function showCommand(tokens: Token[]): ResourceCommand | undefined {
  const cursor = cursorOver(tokens)
  if (cursor.take("registry")) return { kind: "registry" }
  if (cursor.take("describe", "desc")) return describe(tokens)
  if (!cursor.take("show")) return undefined
  cursor.take("extended")
  if (cursor.take("providers")) return ended(cursor, { kind: "showProviders" })
  if (cursor.take("services")) {
    requireProvider(placeOf(cursor, 1)[0])
    return ended(cursor, { kind: "showServices" })
  }
  if (cursor.take("resources")) {
    const [, service = ""] = named(placeOf(cursor, 2))
    return ended(cursor, { kind: "showResources", service })
  }
  if (!cursor.take("methods")) return undefined
  return ended(cursor, { kind: "showMethods", table: named(placeOf(cursor, 3)).slice(1).join(".") })
}

function describe(tokens: Token[]): ResourceCommand | undefined {
  const cursor = cursorOver(tokens)
  cursor.skip(1)
  cursor.take("extended")
  if (cursor.isEnd() || !isName(tokens[cursor.index()], provider)) return undefined
  return ended(cursor, { kind: "describe", table: cursor.dotted(3).slice(1).join(".") })
}

function placeOf(cursor: TokenCursor, parts: number): string[] {
  if (!cursor.take("in", "from")) throw cursor.unexpected()
  return cursor.dotted(parts)
}

function named(parts: string[]): string[] {
  requireProvider(parts[0])
  return parts
}

function requireProvider(name: string | undefined): void {
  if (name !== provider)
    throw new PgError("3D000", `there is no provider ${name}: the one here is ${provider}`)
}

function ended<T>(cursor: TokenCursor, command: T): T {
  cursor.symbol(";")
  cursor.end()
  return command
}
