import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"

/** Statements that the port answers itself: the engine's configuration is locked, its transactions are ours to keep. */
export type SessionCommand =
  | { kind: "begin"; readOnly: boolean | undefined; tag: "BEGIN" | "START TRANSACTION" }
  | { kind: "commit"; chain: boolean }
  | { kind: "rollback"; chain: boolean }
  | { kind: "savepoint" | "release" | "rollbackTo"; name: string }
  | { kind: "set"; name: string; value: string | undefined; local: boolean }
  | { kind: "setTransaction"; readOnly: boolean | undefined; session: boolean }
  | { kind: "show"; name: string }
  | { kind: "showAll" }
  | { kind: "reset"; name: string | undefined }
  | { kind: "discard"; what: string }
  | { kind: "deallocate"; name: string | undefined }
  /** Accepted, as there is nothing to do. */
  | { kind: "nothing"; tag: string }

function unexpected(token: Token | undefined): PgError {
  if (!token) return new PgError("42601", "syntax error at end of input")
  return new PgError("42601", `syntax error at or near "${token.value}"`, { position: token.start + 1 })
}

/** READ ONLY or READ WRITE among a transaction's modes; isolation levels are all met by the engine's snapshots. */
function accessMode(tokens: Token[]): boolean | undefined {
  const at = tokens.findIndex(
    (token, index) => isWord(token, "read") && isWord(tokens[index + 1], "only", "write"),
  )
  return at < 0 ? undefined : isWord(tokens[at + 1], "only")
}

function listValue(tokens: Token[]): string | undefined {
  if (tokens.length === 0) throw unexpected(undefined)
  if (tokens.length === 1 && isWord(tokens[0], "default")) return undefined
  const sign = isSymbol(tokens[0], "-") || isSymbol(tokens[0], "+")
  if (sign && tokens.length === 2) return `${tokens[0]?.value}${tokens[1]?.value}`
  return tokens
    .map((token, index) => {
      const isSeparator = index % 2 === 1
      if (isSeparator !== isSymbol(token, ",") || (token.kind === "symbol" && !isSeparator))
        throw unexpected(token)
      return token.value
    })
    .join("")
    .replaceAll(",", ", ")
}

/** `INTERVAL '-08:00' HOUR TO MINUTE`, which counts east of UTC: as `SET TimeZone` takes it. */
function zoneValue(tokens: Token[]): string | undefined {
  if (!isWord(tokens[0], "interval")) return listValue(tokens)
  const [, offset, ...fields] = tokens
  const odd = fields.find((token, at) => !isWord(token, ["hour", "to", "minute"][at] ?? ""))
  if (offset?.kind !== "string" || odd) throw unexpected(odd ?? offset)
  const [, sign = "", hours = "", minutes = "0"] = /^([+-]?)(\d{1,2})(?::(\d{2}))?$/.exec(offset.value) ?? []
  if (hours !== "" && Number(minutes) === 0) return `${sign}${Number(hours)}`
  throw new PgError("22023", `invalid interval value for time zone: "${offset.value}"`, {
    hint: "Whole hours east of UTC, or a zone by its name: SET TIME ZONE 'Asia/Kolkata'.",
  })
}

function settingName(tokens: Token[]): { name: string; length: number } {
  const [first, dot, second] = tokens
  if (!first || (first.kind !== "word" && first.kind !== "quoted")) throw unexpected(first)
  if (isSymbol(dot, ".") && second) return { name: `${first.value}.${second.value}`, length: 3 }
  return { name: first.value, length: 1 }
}

function parseSet(all: Token[]): SessionCommand {
  const local = isWord(all[0], "local")
  const tokens = isWord(all[0], "session", "local") && !isSymbol(all[1], "=") ? all.slice(1) : all
  if (isWord(tokens[0], "transaction"))
    return { kind: "setTransaction", readOnly: accessMode(tokens), session: false }
  if (isWord(tokens[0], "characteristics"))
    return { kind: "setTransaction", readOnly: accessMode(tokens), session: true }
  if (isWord(tokens[0], "time") && isWord(tokens[1], "zone")) {
    return { kind: "set", name: "timezone", value: zoneValue(tokens.slice(2)), local }
  }
  if (isWord(tokens[0], "names"))
    return { kind: "set", name: "client_encoding", value: listValue(tokens.slice(1)), local }
  if (isWord(tokens[0], "role"))
    return { kind: "set", name: "role", value: listValue(tokens.slice(1)), local }
  const { name, length } = settingName(tokens)
  const separator = tokens[length]
  if (!isSymbol(separator, "=") && !isWord(separator, "to")) throw unexpected(separator)
  return { kind: "set", name, value: listValue(tokens.slice(length + 1)), local }
}

function parseShow(tokens: Token[]): SessionCommand {
  if (isWord(tokens[0], "all") && tokens.length === 1) return { kind: "showAll" }
  if (isWord(tokens[0], "time") && isWord(tokens[1], "zone")) return { kind: "show", name: "TimeZone" }
  if (isWord(tokens[0], "transaction") && isWord(tokens[1], "isolation")) {
    return { kind: "show", name: "transaction_isolation" }
  }
  const { name, length } = settingName(tokens)
  if (tokens.length > length) throw unexpected(tokens[length])
  return { kind: "show", name }
}

/** The last word, behind none but `before`. */
function savepointName(tokens: Token[], ...before: string[]): string {
  const name = tokens.at(-1)
  if (!name || (name.kind !== "word" && name.kind !== "quoted")) throw unexpected(name)
  const odd = tokens.slice(0, -1).find((token) => !isWord(token, ...before))
  if (odd) throw unexpected(odd)
  return name.value
}

/** Of a transaction in two phases; nothing here prepares one. */
function refusePrepared(tokens: Token[]): void {
  if (isWord(tokens[0], "prepared"))
    throw new PgError("0A000", "transactions in two phases are not supported on this port")
}

function chained(tokens: Token[]): boolean {
  refusePrepared(tokens)
  const at = tokens.findIndex((token) => isWord(token, "chain"))
  return at > 0 && !isWord(tokens[at - 1], "no")
}

/** `undefined`: not one of these. Throws 42601 when it begins like one and goes on unlike it. */
export function sessionCommand(tokens: Token[]): SessionCommand | undefined {
  const [first, ...rest] = tokens
  if (first?.kind !== "word") return undefined
  switch (first.value) {
    case "begin":
      return { kind: "begin", readOnly: accessMode(rest), tag: "BEGIN" }
    case "start":
      return { kind: "begin", readOnly: accessMode(rest), tag: "START TRANSACTION" }
    case "commit":
    case "end":
      return { kind: "commit", chain: chained(rest) }
    case "rollback":
    case "abort":
      return rest.some((token) => isWord(token, "to"))
        ? { kind: "rollbackTo", name: savepointName(rest, "work", "transaction", "to", "savepoint") }
        : { kind: "rollback", chain: chained(rest) }
    case "savepoint":
      return { kind: "savepoint", name: savepointName(rest) }
    case "release":
      return { kind: "release", name: savepointName(rest, "savepoint") }
    case "set":
      return parseSet(rest)
    case "show":
      // Lists, and what is refused by its name.
      if (
        isWord(
          rest[0],
          "tables",
          "columns",
          "schemas",
          "databases",
          "table",
          "view",
          "procedure",
          "model",
          "datashares",
        )
      )
        return undefined
      return parseShow(rest)
    case "reset":
      return { kind: "reset", name: isWord(rest[0], "all") ? undefined : settingName(rest).name }
    case "discard":
      return { kind: "discard", what: (rest[0]?.value ?? "all").toUpperCase() }
    // Nobody can listen, so there is nothing to stop. Pools send it when they take a connection back.
    case "unlisten":
      return { kind: "nothing", tag: "UNLISTEN" }
    case "deallocate":
      return { kind: "deallocate", name: isWord(rest.at(-1), "all") ? undefined : rest.at(-1)?.value }
    default:
      return undefined
  }
}
