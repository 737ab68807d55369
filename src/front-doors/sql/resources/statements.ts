import { cursorOver, type TokenCursor } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"

/** A statement about resources that the port runs itself. */
export type ResourceCommand =
  | { kind: "change"; text: string; returning: EventColumn[] | undefined; isAwaited: boolean }
  | { kind: "showProviders" }
  | { kind: "showServices" }
  | { kind: "showResources"; service: string }
  | { kind: "showMethods"; table: string }
  | { kind: "describe"; table: string }
  | { kind: "registry" }

/** What a change answers, in the order of `*`: a ProgressEvent. */
export const eventColumns = [
  "ErrorCode",
  "EventTime",
  "Identifier",
  "Operation",
  "OperationStatus",
  "RequestToken",
  "ResourceModel",
  "RetryAfter",
  "StatusMessage",
  "TypeName",
] as const
export type EventColumn = (typeof eventColumns)[number]

const provider = "awscc"

/** `undefined`: it is no statement about resources. Throws 42601, 42703. */
export function resourceCommand(tokens: Token[], text: string, typed: string): ResourceCommand | undefined {
  return changeCommand(tokens, text, typed) ?? showCommand(tokens)
}

/** The hint behind the verb. No two parts match the same text: a long one takes linear time. */
const hint = /^(?:\s|--[^\n]*\n|\/\*(?:[^*]|\*(?!\/))*\*\/)*(?:insert|update|delete)\s*\/\*\+([^*]*)\*\//i

function changeCommand(tokens: Token[], text: string, typed: string): ResourceCommand | undefined {
  const [first, second] = tokens
  const skipped = isWord(first, "insert") && isWord(second, "into") ? 2 : isWord(first, "delete") ? 2 : 1
  const isChange = ["insert", "update", "delete"].some((verb) => isWord(first, verb))
  const target = tokens[skipped]
  if (!isChange || !isName(target, provider) || !isSymbol(tokens[skipped + 1], ".")) return undefined
  return {
    kind: "change",
    text,
    returning: returningOf(tokens),
    isAwaited: /\bAWAIT\b/i.test(hint.exec(typed)?.[1] ?? ""),
  }
}

function isName(token: Token | undefined, name: string): boolean {
  return (token?.kind === "word" || token?.kind === "quoted") && token.value === name
}

/** The list behind RETURNING: `*`, or columns. */
function returningOf(tokens: readonly Token[]): EventColumn[] | undefined {
  const at = tokens.findLastIndex((token) => isWord(token, "returning"))
  if (at < 0) return undefined
  const list = tokens.slice(at + 1).filter((token) => !isSymbol(token, ";"))
  if (list.length === 1 && isSymbol(list[0], "*")) return [...eventColumns]
  return list.flatMap((token, place) => {
    if (place % 2 === 1 && isSymbol(token, ",") && place < list.length - 1) return []
    const column = eventColumns.find((one) => one.toLowerCase() === token.value.toLowerCase())
    if (place % 2 === 0 && column !== undefined) return [column]
    throw new PgError("42703", `RETURNING can name ${eventColumns.join(", ")}, or be *`)
  })
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
