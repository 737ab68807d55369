import type { SqlAccess } from "../../../control-plane/sql-users/sql-access.ts"

/**
 * How much of what the engine says a user may be told. `all`: everything. `names`: not what else is there, by a guess
 * at what was meant. `own`: nothing either of rows, labels and columns that the statement did not name. `veiled`: no value
 * at all, as the statement reads a view, which may hide the row that the value is from.
 */
export type Discretion = "all" | "names" | "own" | "veiled"

export function discretionFor({ isSuperuser, readsAll }: SqlAccess): Exclude<Discretion, "veiled"> {
  if (isSuperuser) return "all"
  return readsAll ? "names" : "own"
}

/** Of constraints: which kind, not which values or whose expression. */
const constraints: [RegExp, string][] = [
  [/^Constraint Error: Duplicate key/, "duplicate key violates a primary key or unique constraint"],
  [/^Constraint Error: CHECK/, "CHECK constraint failed"],
  [/^Constraint Error: .{0,40}foreign key/i, "a foreign key constraint is violated"],
]

/** The kinds whose text may repeat a value. */
const ofValues: [RegExp, string][] = [
  [/^Conversion Error: .{0,40}out of range/i, "Conversion Error: out of range"],
  [/^Conversion Error: invalid (date|timestamp|time)/i, "Conversion Error: invalid $1"],
  [/^Conversion Error/, "Conversion Error: a value cannot be converted"],
  [/^Mismatch Type Error/, "Mismatch Type Error: a value cannot be converted"],
  [/^Out of Range Error/, "Out of Range Error: a value is out of range"],
  [/^Invalid Input Error: invalid input syntax for type/, "Conversion Error: a value cannot be converted"],
  [/^Invalid Input Error: value out of range/, "Conversion Error: out of range"],
  [/^Invalid Input Error/, "Invalid Input Error: an argument is not valid"],
]

/** The kinds whose text has names and what is ours, never a value. What a later engine adds is taken to have one. */
const withoutValues =
  /^(Parser|Binder|Catalog|INTERRUPT|Interrupt|Out of Memory|OutOfMemory|INTERNAL|FATAL|IO|Permission|TransactionContext|Dependency) Error/

/** The kind alone. */
function veiled(message: string): string {
  const rule = ofValues.find(([pattern]) => pattern.test(message))
  const found = rule?.[0].exec(message)
  if (rule && found) return rule[1].replace("$1", found[1] ?? "")
  if (withoutValues.test(message)) return message
  const kind = /^[A-Za-z ]{1,40} Error/.exec(message)?.[0] ?? "Invalid Input Error"
  return `${kind}: a value cannot be used`
}

/** An error of the engine with what the user may know of it. */
export function discreet(error: unknown, discretion: Discretion): unknown {
  if (discretion === "all" || !(error instanceof Error) || error.name === "PgError") return error
  const message = tellable(error.message, discretion)
  return message === error.message ? error : new Error(message, { cause: error })
}

function tellable(message: string, discretion: "names" | "own" | "veiled"): string {
  const named = withoutLines(message, ["Did you mean"])
  if (discretion === "names") return named
  const constraint = constraints.find(([pattern]) => pattern.test(named))
  if (constraint) return `Constraint Error: ${constraint[1]}`
  const own = withoutLines(named, ["Candidate bindings", "Candidate tables", "Candidate Entries"]).replace(
    /ENUM\('[^']*(?:''[^']*)*'(?:, '[^']*(?:''[^']*)*')*\)/g,
    "ENUM",
  )
  return discretion === "veiled" ? veiled(own) : own
}

function withoutLines(message: string, beginnings: readonly string[]): string {
  if (!beginnings.some((one) => message.includes(one))) return message
  return message
    .split("\n")
    .filter((line) => !beginnings.some((one) => line.startsWith(one)))
    .join("\n")
}
