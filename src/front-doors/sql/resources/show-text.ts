/** Reads SHOW, DESCRIBE and the statements that StackQL has and that have nothing to do here. */
import { cursorOver, type TokenCursor } from "../../../query/text/token-cursor.ts"
import { isSymbol, isWord, type Token } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { provider, type ShowCommand } from "./commands.ts"

const providers = ["awscc", "aws"]

/** `undefined`: it is none of them. Throws 42601, 3D000. */
export function showCommand(tokens: Token[], typed: string): ShowCommand | undefined {
  const cursor = cursorOver(tokens)
  if (cursor.take("registry")) return { kind: "nothing", tag: "REGISTRY" }
  if (cursor.take("auth")) return { kind: "nothing", tag: "AUTH" }
  if (cursor.take("sleep")) return ended(cursor, { kind: "sleep", ms: cursor.number() })
  const [, second] = tokens
  // Of another name it is what it is elsewhere: sessions stay in their database.
  if (second !== undefined && providers.includes(second.value) && cursor.take("use")) {
    cursor.skip(1)
    return ended(cursor, { kind: "nothing", tag: "USE" })
  }
  if (cursor.take("describe", "desc")) return describe(cursor, tokens)
  if (!cursor.take("show")) return undefined
  cursor.take("extended")
  return cursor.take("insert") ? showInsert(cursor, typed) : listing(cursor)
}

function listing(cursor: TokenCursor): ShowCommand | undefined {
  if (cursor.take("version")) return ended(cursor, { kind: "showVersion" })
  if (cursor.take("providers")) return ended(cursor, { kind: "showProviders", pattern: pattern(cursor) })
  if (cursor.take("services")) {
    requireProvider(placeOf(cursor, 1)[0])
    return ended(cursor, { kind: "showServices", pattern: pattern(cursor) })
  }
  if (cursor.take("resources")) {
    const [, service = ""] = named(placeOf(cursor, 2))
    return ended(cursor, { kind: "showResources", service, pattern: pattern(cursor) })
  }
  if (!cursor.take("methods")) return undefined
  const table = tableOf(placeOf(cursor, 3))
  return ended(cursor, { kind: "showMethods", table, pattern: pattern(cursor) })
}

/** The hint is a comment, which the tokens do not have. */
function showInsert(cursor: TokenCursor, typed: string): ShowCommand {
  cursor.expect("into")
  const table = tableOf(cursor.dotted(3))
  const isRequiredOnly = /^\s*show\s+insert\s*\/\*\+\s*required\s*\*\//i.test(typed)
  return ended(cursor, { kind: "showInsert", table, isRequiredOnly })
}

function describe(cursor: TokenCursor, tokens: Token[]): ShowCommand | undefined {
  const isMethod = isWord(tokens[cursor.index()], "method") && !isSymbol(tokens[cursor.index() + 1], ".")
  if (isMethod) cursor.skip(1)
  cursor.take("extended")
  const next = tokens[cursor.index()]
  if (next === undefined || !providers.includes(next.value)) return undefined
  const parts = cursor.dotted(isMethod ? 4 : 3)
  const method = isMethod ? (parts.pop() ?? "") : ""
  const table = tableOf(parts)
  return ended(cursor, isMethod ? { kind: "describeMethod", table, method } : { kind: "describe", table })
}

function placeOf(cursor: TokenCursor, parts: number): string[] {
  if (!cursor.take("in", "from")) throw cursor.unexpected()
  return cursor.dotted(parts)
}

function tableOf(parts: string[]): string {
  return named(parts).slice(1).join(".").toLowerCase()
}

function named(parts: string[]): string[] {
  if (parts[0] === "aws" && parts[1] === "cloud_control") return parts
  requireProvider(parts[0])
  return parts
}

function requireProvider(name: string | undefined): void {
  if (name !== provider)
    throw new PgError("3D000", `there is no provider ${name}: the one here is ${provider}`)
}

function pattern(cursor: TokenCursor): string | undefined {
  return cursor.take("like") ? cursor.string() : undefined
}

function ended<T>(cursor: TokenCursor, command: T): T {
  cursor.end()
  return command
}
