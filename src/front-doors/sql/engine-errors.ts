import { PgError } from "../../wire/pgwire/pg-error.ts"

/** DuckDB says what kind of error it is in the first words of its message; PostgreSQL's clients want five characters. */
const rules: [RegExp, string][] = [
  [/^INTERRUPT Error/i, "57014"],
  [/^Parser Error/i, "42601"],
  [/^Conversion Error: .*out of range/i, "22003"],
  [/^Conversion Error: (invalid|.*field value out of range).*(date|timestamp|time)/i, "22007"],
  [/^(Conversion|Mismatch Type) Error/i, "22P02"],
  [/^Out of Range Error/i, "22003"],
  [/division by zero/i, "22012"],
  [/^Constraint Error: .*(duplicate key|unique|primary key)/i, "23505"],
  [/^Constraint Error: .*NOT NULL/i, "23502"],
  [/^Constraint Error: .*foreign key/i, "23503"],
  [/^Constraint Error: .*CHECK/i, "23514"],
  [/^Constraint Error/i, "23000"],
  [/read-only/i, "25006"],
  [/^Permission Error/i, "42501"],
  [/^Catalog Error: .*(Table|View)( or view)? with name .* does not exist/i, "42P01"],
  [/^Catalog Error: .*(Table|View) with name .* already exists/i, "42P07"],
  [/^Catalog Error: .*Schema .* already exists/i, "42P06"],
  [/^Catalog Error: .*Schema .* does not exist/i, "3F000"],
  [/^Catalog Error: .*Function with name .* does not exist/i, "42883"],
  [/^Catalog Error: .*Type with name .* does not exist/i, "42704"],
  [/^Catalog Error/i, "42704"],
  [/^Binder Error: Catalog .* does not exist/i, "42P01"],
  [/^Binder Error: .*(Referenced column|does not have a column|column .* not found)/i, "42703"],
  [/^Binder Error: .*Referenced table/i, "42P01"],
  [/^Binder Error: .*Ambiguous reference/i, "42702"],
  [/^Binder Error: .*must appear in the GROUP BY/i, "42803"],
  [/^Binder Error: .*(No function matches|explicit type casts|Could not choose)/i, "42883"],
  [/^Binder Error: .*Cannot compare/i, "42883"],
  [/^Binder Error/i, "42P10"],
  [/^Not implemented Error/i, "0A000"],
  [/^Dependency Error/i, "2BP01"],
  [/^Invalid Type/i, "42804"],
  [/^(Out of Memory|OutOfMemory) Error/i, "53200"],
  [/^IO Error: .*(No space left|disk full)/i, "53100"],
  [/^TransactionContext Error: .*(conflict|Conflict)/i, "40001"],
  [/^TransactionContext Error/i, "25000"],
  [/^Invalid Input Error/i, "22023"],
]

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
  const match = /\n\nLINE (\d+): (.*)\n( *)\^/.exec(message)
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
  return hidden ? hidden[1] : withoutPaths(rest.replace(/\n\nLINE [\s\S]*$/, "").trim())
}

const outOfMemoryHint =
  "Select, sort or group fewer rows at once, or run Millrace on a machine with more memory."

const columnMissing =
  /^Binder Error: Referenced column "(.+?)" (?:was )?not found[^\n]*(?:\nCandidate bindings: (.*))?/

const relationMissing = /^Catalog Error: Table with name (.+?) does not exist!/

/** An error of DuckDB as PostgreSQL would say it. `sql`: the text its position refers to. */
export function engineError(error: unknown, sql?: string): PgError {
  if (error instanceof PgError) return error
  const message = error instanceof Error ? error.message : String(error)
  const code = rules.find(([pattern]) => pattern.test(message))?.[1] ?? "XX000"
  const position = positionIn(message, sql)
  const extra = position === undefined ? {} : { position }
  const relation = relationMissing.exec(message)?.[1]
  if (relation !== undefined) return new PgError(code, `relation "${relation}" does not exist`, extra)
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
