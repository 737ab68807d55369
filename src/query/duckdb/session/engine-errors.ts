import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { limitMark } from "../bounds/macros.ts"

/**
 * DuckDB says what kind of error it is in the first words of its message; PostgreSQL's clients want five characters. The
 * first rule that fits counts: `says` lists alternatives, each a row of words in the order in which the message has
 * them. The rest of a message is text of the statement, of any length: words are looked for one after the other, never
 * by an expression that could go back over the text.
 */
interface Rule {
  kind?: string
  starts?: string
  says?: string[][]
  code: string
}

const timeWords = ["date", "time"]

const rules: Rule[] = [
  { says: [["cannot take logarithm"]], code: "2201E" },
  {
    says: [
      ["square root of a negative"],
      ["zero raised to a negative"],
      ["negative number raised to a non-integer"],
    ],
    code: "2201F",
  },
  { says: [["negative substring length"]], code: "22011" },
  { starts: "invalid input error: invalid input syntax for type ", code: "22P02" },
  { starts: "invalid input error: value out of range", code: "22003" },
  { starts: "invalid input error: null character not permitted", code: "54000" },
  { kind: "invalid input", says: [["is undefined outside [-1,1]"]], code: "22003" },
  { kind: "interrupt", code: "57014" },
  { kind: "parser", code: "42601" },
  { kind: "conversion", says: [["date field value out of range"]], code: "22008" },
  { kind: "conversion", says: [["out of range"]], code: "22003" },
  { kind: "conversion", says: timeWords.map((one) => ["error: invalid", one]), code: "22007" },
  { kind: "conversion", code: "22P02" },
  { kind: "mismatch type", code: "22P02" },
  { kind: "out of range", code: "22003" },
  { says: [["division by zero"]], code: "22012" },
  { kind: "constraint", says: [["duplicate key"], ["unique"], ["primary key"]], code: "23505" },
  { kind: "constraint", says: [["not null"]], code: "23502" },
  { kind: "constraint", says: [["foreign key"]], code: "23503" },
  { kind: "constraint", says: [["check"]], code: "23514" },
  { kind: "constraint", code: "23000" },
  { says: [["read-only"]], code: "25006" },
  { kind: "permission", code: "42501" },
  { kind: "catalog", says: [["error: type with name ", " does not exist"]], code: "42704" },
  {
    kind: "catalog",
    says: [
      ["table with name ", " does not exist"],
      ["view with name ", " does not exist"],
    ],
    code: "42P01",
  },
  {
    kind: "catalog",
    says: [
      ["table with name ", " already exists"],
      ["view with name ", " already exists"],
    ],
    code: "42P07",
  },
  { kind: "catalog", says: [["schema ", " already exists"]], code: "42P06" },
  { kind: "catalog", says: [["schema ", " does not exist"]], code: "3F000" },
  { kind: "catalog", says: [["function with name ", " does not exist"]], code: "42883" },
  { kind: "catalog", says: [["type with name ", " does not exist"]], code: "42704" },
  { kind: "catalog", code: "42704" },
  { kind: "binder", says: [["error: catalog ", " does not exist"]], code: "42P01" },
  {
    kind: "binder",
    says: [["referenced column"], ["does not have a column"], ["column ", " not found"]],
    code: "42703",
  },
  { kind: "binder", says: [["referenced table"]], code: "42P01" },
  { kind: "binder", says: [["ambiguous reference"]], code: "42702" },
  { kind: "binder", says: [["must appear in the group by"]], code: "42803" },
  {
    kind: "binder",
    says: [["no function matches"], ["explicit type casts"], ["could not choose"]],
    code: "42883",
  },
  { kind: "binder", says: [["cannot compare"]], code: "42883" },
  { kind: "binder", says: [["max expression depth"]], code: "54001" },
  { kind: "binder", code: "42P10" },
  { kind: "not implemented", code: "0A000" },
  { kind: "dependency", code: "2BP01" },
  { starts: "invalid type", code: "42804" },
  { kind: "out of memory", code: "53200" },
  { kind: "outofmemory", code: "53200" },
  { kind: "io", says: [["no space left"], ["disk full"]], code: "53100" },
  { kind: "io", says: [["has been invalidated"]], code: "57P03" },
  { kind: "transactioncontext", says: [["conflict"]], code: "40001" },
  { kind: "transactioncontext", code: "25000" },
  { kind: "invalid input", code: "22023" },
  { kind: "parameter not allowed", code: "22023" },
  { kind: "parameter not resolved", code: "42P18" },
  { kind: "unknown type", code: "42704" },
  { kind: "decimal", code: "22003" },
  { kind: "divide by zero", code: "22012" },
  { kind: "object size", code: "54000" },
  { kind: "expression", code: "42804" },
  { kind: "syntax", code: "42601" },
  { kind: "sequence", code: "55000" },
  { kind: "settings", code: "22023" },
  { kind: "invalid configuration", code: "22023" },
  { kind: "missing extension", code: "0A000" },
  { kind: "autoload", code: "0A000" },
]

function inOrder(text: string, words: readonly string[]): boolean {
  let at = 0
  for (const word of words) {
    const found = text.indexOf(word, at)
    if (found < 0) return false
    at = found + word.length
  }
  return true
}

function codeOf(message: string): string {
  const text = message.toLowerCase()
  const rule = rules.find(
    ({ kind, starts = kind === undefined ? "" : `${kind} error`, says }) =>
      text.startsWith(starts) && (says === undefined || says.some((words) => inOrder(text, words))),
  )
  return rule?.code ?? "XX000"
}

/** Kinds whose text may name files of this machine, or our own internals: shown without DuckDB's words. */
const hiddenKinds: [RegExp, string][] = [
  [/^IO Error/i, "the warehouse could not read or write its files; see the server's log"],
  [/^(INTERNAL|FATAL|Serialization) Error/i, "internal error in the query engine; see the server's log"],
  [
    /^(Permission|HTTP|Network) Error/i,
    "permission denied: queries may not reach files, the network or settings",
  ],
  [
    /^(Out of Memory|OutOfMemory) Error/i,
    "out of memory: the statement needs more than the warehouse's memory limit",
  ],
]

/** Absolute paths never leave the process, whichever message they are in. */
function withoutPaths(message: string): string {
  return message.replace(/(["'\s(]|^)(\/[\w.%+@-]+){2,}\/?/g, "$1<path>")
}

/** DuckDB ends some messages with the line and a caret under the place; PostgreSQL sends the place as a number. */
function positionIn(message: string, sql: string | undefined): number | undefined {
  // The last one is the engine's: names in the message are text of the statement, and may look like it.
  const lineAt = message.lastIndexOf("\n\nLINE ")
  const match = lineAt < 0 ? null : /^\n\nLINE (\d+): (.*)\n( *)\^/.exec(message.slice(lineAt))
  if (!match || sql === undefined) return undefined
  const [, line = "1", shown = "", indent = ""] = match
  const column = indent.length - `LINE ${line}: `.length
  const lines = sql.split("\n")
  const index = Number(line) - 1
  const before = lines.slice(0, index).reduce((sum, one) => sum + one.length + 1, 0)
  const around = shown.replace(/^\.\.\./, "").replace(/\.\.\.$/, "")
  const at = (lines[index] ?? "").indexOf(around)
  if (at < 0 || column < 0) return undefined
  return before + at + column - (shown.startsWith("...") ? 3 : 0) + 1
}

function shownMessage(message: string): string {
  const [, kind = "", rest = message] = /^(?:([\w ]+ Error): )?([\s\S]*)$/.exec(message) ?? []
  const hidden = hiddenKinds.find(([pattern]) => pattern.test(`${kind}: `))
  if (hidden) return hidden[1]
  const lineAt = rest.lastIndexOf("\n\nLINE ")
  return withoutPaths((lineAt < 0 ? rest : rest.slice(0, lineAt)).trim())
}

const outOfMemoryHint =
  "Select, sort or group fewer rows at once, or run Millrace on a machine with more memory."

const columnMissing =
  /^Binder Error: Referenced column "(.+?)" (?:was )?not found[^\n]*(?:\nCandidate bindings: (.*))?/

const functionMissing = /^Catalog Error: (?:\w+ )+Function with name "?(.+?)"? does not exist!/

/** No form of it takes these: `'f(INTEGER, VARCHAR)'`. */
const formMissing = /^Binder Error: No function matches the given name and argument types '(.{1,2000}?\))'/

const relationMissing = /^Catalog Error: Table with name (.+?) does not exist!/

/** What our own bounded functions say when an argument is beyond their limit. */
function limitReached(message: string): PgError | undefined {
  const at = message.indexOf(limitMark)
  if (at < 0 || !message.startsWith("Invalid Input Error")) return undefined
  return new PgError("54000", message.slice(at + limitMark.length), {
    hint: "See the limits of the SQL port: docs/sql/limits.md.",
  })
}

/** In PostgreSQL's words: the engine's suggestions are functions of its own. */
function functionNotThere(named: string, extra: { position?: number }): PgError {
  return new PgError(
    "42883",
    `function ${named.replaceAll("STRING_LITERAL", "unknown").replaceAll("_LITERAL", "")} does not exist`,
    {
      ...extra,
      hint: "No function matches the given name and argument types. You might need to add explicit type casts.",
    },
  )
}

/** An error of DuckDB as PostgreSQL would say it. `sql`: the text its position refers to. */
export function engineError(error: unknown, sql?: string): PgError {
  if (error instanceof PgError) return error
  const message = error instanceof Error ? error.message : String(error)
  const limit = limitReached(message)
  if (limit) return limit
  const code = codeOf(message)
  const position = positionIn(message, sql)
  const extra = position === undefined ? {} : { position }
  const relation = relationMissing.exec(message)?.[1]
  if (relation !== undefined) return new PgError(code, `relation "${relation}" does not exist`, extra)
  const named = functionMissing.exec(message)?.[1] ?? formMissing.exec(message)?.[1]
  if (named !== undefined) return functionNotThere(named, extra)
  const column = columnMissing.exec(message)
  if (column) {
    const [, name, others] = column
    const perhaps = others === undefined ? {} : { hint: `Perhaps you meant one of ${others}.` }
    return new PgError(code, `column "${name}" does not exist`, { ...extra, ...perhaps })
  }
  if (code === "XX000" && !/^[\w ]+ Error: /.test(message)) {
    return new PgError(code, "internal error; see the server's log")
  }
  const hint = code === "53200" ? { hint: outOfMemoryHint } : {}
  return new PgError(code, shownMessage(message), { ...extra, ...hint })
}
