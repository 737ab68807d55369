import { PgError } from "../../../wire/pgwire/pg-error.ts"
import type { Prepared } from "../../../wire/pgwire/session.ts"
import type { StatementTransaction } from "../../contract.ts"
import { isSymbol, isWord, type Token, tokenize } from "../../text/tokens.ts"
import { applyEdits } from "../dialect/edits.ts"
import { outside, pieces, textOf } from "../dialect/statements/clauses.ts"
import { answered } from "../session/answered.ts"

/** A statement that PREPARE has named: its text, and the types of its parameters as they were written. */
interface Named {
  sql: string
  types: string[]
}

interface Preparing extends Named {
  name: string
}

export interface NamingSession {
  /** Reads and checks the statement that is given a name; nothing runs. Throws PgError. */
  judge(sql: string): Promise<unknown>
  transaction: Pick<StatementTransaction, "assertUsable">
}

/** PREPARE, EXECUTE and DEALLOCATE of one session. */
export interface NamedStatements {
  /**
   * What to run: the text itself, or a prepared statement's with its arguments in it; PREPARE is answered here. Throws PgError: 26000 no
   * such statement, 42P05 the name is taken, 42601.
   */
  read(sql: string): Promise<string | Prepared>
  /** undefined: all. */
  remove(name: string | undefined): void
}

/** More would only fill the memory of the process. */
const statementsAtMost = 1000
const argumentsAtMost = 1000

function unexpected(token: Token | undefined): PgError {
  const where = token === undefined ? "end of input" : `or near "${token.value}"`
  return new PgError("42601", `syntax error at ${where}`)
}

function nameAt(tokens: readonly Token[], at: number): string {
  const token = tokens[at]
  if (token?.kind !== "word" && token?.kind !== "quoted") throw unexpected(token)
  return token.value
}

/** The texts between commas of the parentheses that open at the index; none where none open. */
function listAt(tokens: readonly Token[], open: number, sql: string): { items: string[]; end: number } {
  if (!isSymbol(tokens[open], "(")) return { items: [], end: open }
  const after = outside(tokens, { from: open, to: tokens.length }, (_, at) => at > open)[0] ?? tokens.length
  const close = after - 1
  if (!isSymbol(tokens[close], ")")) throw unexpected(undefined)
  const items = pieces(tokens, { from: open + 1, to: close }, (token) => isSymbol(token, ","))
  if (items.length > argumentsAtMost) throw new PgError("54000", "too many arguments")
  return { items: items.map((range) => textOf(tokens, sql, range)), end: after }
}

function preparing(tokens: readonly Token[], sql: string): Preparing {
  const name = nameAt(tokens, 1)
  const { items: types, end } = listAt(tokens, 2, sql)
  if (!isWord(tokens[end], "as")) throw unexpected(tokens[end])
  const text = textOf(tokens, sql, { from: end + 1, to: tokens.length })
  if (text === "") throw unexpected(undefined)
  return { name, sql: text, types }
}

/** Each parameter's place gets its argument, cast to the type that PREPARE gave it. */
function withArguments({ sql, types }: Named, given: readonly string[]): string {
  const edits = tokenize(sql).flatMap((token) => {
    if (token.kind !== "parameter") return []
    const number = Number(token.value.slice(1))
    const argument = given[number - 1]
    if (argument === undefined) throw new PgError("42601", `there is no argument for $${number}`)
    const type = types[number - 1]
    const text = type === undefined || type === "unknown" ? `(${argument})` : `CAST((${argument}) AS ${type})`
    return [{ start: token.start, end: token.end, text }]
  })
  return applyEdits(sql, edits)
}

export function namedStatements({ judge, transaction }: NamingSession): NamedStatements {
  const known = new Map<string, Named>()

  function add({ name, sql, types }: Preparing): void {
    if (known.has(name)) throw new PgError("42P05", `prepared statement "${name}" already exists`)
    if (known.size >= statementsAtMost)
      throw new PgError("53000", "too many prepared statements in this session", {
        hint: "DEALLOCATE those that are not needed.",
      })
    known.set(name, { sql, types })
  }

  function executed(tokens: readonly Token[], sql: string): string {
    const name = nameAt(tokens, 1)
    const named = known.get(name)
    if (named === undefined) throw new PgError("26000", `prepared statement "${name}" does not exist`)
    const { items, end } = listAt(tokens, 2, sql)
    if (end < tokens.length) throw unexpected(tokens[end])
    const { length } = named.types
    if (length > 0 && items.length !== length)
      throw new PgError("42601", `wrong number of parameters: ${length} are expected, ${items.length} given`)
    return withArguments(named, items)
  }

  return {
    read: async (sql) => {
      if (!/^\s*(prepare|execute)\b/i.test(sql)) return sql
      const tokens = tokenize(sql)
      if (isWord(tokens[0], "execute")) return executed(tokens, sql)
      // Of a transaction in two phases, which is refused by its name.
      if (isWord(tokens[1], "transaction") && tokens[2]?.kind === "string") return sql
      const reading = preparing(tokens, sql)
      await judge(reading.sql)
      return answered(undefined, async () => {
        transaction.assertUsable()
        add(reading)
        return { rows: [], tag: "PREPARE" }
      })
    },
    remove: (name) => {
      if (name === undefined) known.clear()
      else known.delete(name)
    },
  }
}
