import type { TableName } from "../../domain/table.ts"

/** What a statement of the log means for the rows of tables. Rows themselves come as row events. */
export type Statement =
  | { kind: "begin" | "commit" | "rollback" | "xaEnd" | "none" }
  | { kind: "xaStart" | "xaCommit" | "xaRollback"; xid: string }
  /** Empties tables. */
  | { kind: "truncate"; tables: TableName[] }
  /** These names mean other tables, or tables of another shape, from here on. */
  | { kind: "redefine"; tables: TableName[]; gone: TableName[] }
  | { kind: "dropSchema"; schema: string }
  /** Changed rows of which the log does not tell. */
  | { kind: "unloggedRows" }

interface Token {
  text: string
  isQuoted: boolean
}

const maxTokens = 20_000

/** Reads a statement as the log holds it. What is not understood changes no rows that we could know of. */
export function readStatement(sql: string, schema: string): Statement {
  const words = new Words(tokensOf(sql), schema)
  if (words.take("begin") || words.takeAll("start", "transaction")) return { kind: "begin" }
  if (words.take("commit")) return { kind: "commit" }
  if (words.take("rollback")) return { kind: words.take("to") ? "none" : "rollback" }
  if (words.take("xa")) return xaStatement(words)
  if (words.take("truncate")) {
    words.take("table")
    return { kind: "truncate", tables: [words.table()] }
  }
  if (words.take("create")) return createStatement(words)
  if (words.take("drop")) return dropStatement(words)
  if (words.take("rename")) return renameStatement(words)
  if (words.take("alter")) return alterStatement(words)
  for (const verb of ["insert", "update", "delete", "replace", "load"])
    if (words.take(verb)) return { kind: "unloggedRows" }
  return { kind: "none" }
}

function xaStatement(words: Words): Statement {
  const verb = words.next().toLowerCase()
  const xid = words.rest().toLowerCase()
  if (verb === "start" || verb === "begin") return { kind: "xaStart", xid }
  if (verb === "commit") return { kind: "xaCommit", xid }
  if (verb === "rollback") return { kind: "xaRollback", xid }
  return { kind: "xaEnd" }
}

function createStatement(words: Words): Statement {
  const replaces = words.takeAll("or", "replace")
  if (words.take("temporary") || !words.take("table")) return { kind: "none" }
  const ifMissing = words.takeAll("if", "not", "exists")
  const table = words.table()
  // A table that we carry was there.
  if (ifMissing && !replaces) return { kind: "none" }
  return { kind: "redefine", tables: [table], gone: [] }
}

function dropStatement(words: Words): Statement {
  if (words.take("temporary")) return { kind: "none" }
  if (words.take("database") || words.take("schema")) {
    words.takeAll("if", "exists")
    return { kind: "dropSchema", schema: words.next() }
  }
  if (!words.take("table") && !words.take("tables")) return { kind: "none" }
  words.takeAll("if", "exists")
  const gone = [words.table()]
  while (words.take(",")) gone.push(words.table())
  return { kind: "redefine", tables: [], gone }
}

/** `a TO b, c TO a`: every name that is given anew means another table. */
function renameStatement(words: Words): Statement {
  if (!words.take("table") && !words.take("tables")) return { kind: "none" }
  words.takeAll("if", "exists")
  const [tables, gone]: [TableName[], TableName[]] = [[], []]
  do {
    gone.push(words.table())
    if (words.take("wait")) words.next()
    words.take("nowait")
    if (!words.take("to")) break
    tables.push(words.table())
  } while (words.take(","))
  return { kind: "redefine", tables, gone }
}

/** Actions that leave every row and column as it is. */
const harmless =
  /^(?:(?:add|drop) (?:if (?:not )?exists )?(?:index|key|unique|fulltext|spatial|check)\b|add constraint \S+ (?:unique|check)\b|drop (?:constraint|foreign)\b|add (?:unique|fulltext|spatial)\b|rename (?:index|key)\b|alter (?:index|key)\b|(?:enable|disable) keys|engine\b|force\b|comment\b|auto_increment\b|row_format\b|key_block_size\b|algorithm\b|lock\b|stats_|analyze partition|optimize partition|rebuild partition|checksum\b|alter (?:column )?\S+ (?:set|drop) default)/

function alterStatement(words: Words): Statement {
  words.take("online")
  words.take("ignore")
  if (!words.take("table")) return { kind: "none" }
  words.takeAll("if", "exists")
  const table = words.table()
  const actions = words.actions()
  const renamed = actions.flatMap((action) => action.renamedTo ?? [])
  if (renamed.length > 0) return { kind: "redefine", tables: renamed, gone: [table] }
  const exchanged = actions.flatMap((action) => action.exchangedWith ?? [])
  if (actions.every((action) => harmless.test(action.text))) return { kind: "none" }
  return { kind: "redefine", tables: [table, ...exchanged], gone: [] }
}

interface Action {
  text: string
  renamedTo?: TableName
  exchangedWith?: TableName
}

/** The words of a statement, taken one after another. */
class Words {
  readonly #tokens: Token[]
  readonly #schema: string
  #at = 0

  constructor(tokens: Token[], schema: string) {
    this.#tokens = tokens
    this.#schema = schema
  }

  next(): string {
    return this.#tokens[this.#at++]?.text ?? ""
  }

  /** Goes on behind the word if it is the next. */
  take(word: string): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined || token.isQuoted || token.text.toLowerCase() !== word) return false
    this.#at++
    return true
  }

  takeAll(...words: string[]): boolean {
    const start = this.#at
    if (words.every((word) => this.take(word))) return true
    this.#at = start
    return false
  }

  table(): TableName {
    const first = this.next()
    if (!this.take(".")) return { schema: this.#schema, name: first }
    return { schema: first, name: this.next() }
  }

  rest(): string {
    return this.#tokens
      .slice(this.#at)
      .map((token) => token.text)
      .join("")
  }

  /** What an ALTER TABLE does, split at the commas that stand outside brackets. */
  actions(): Action[] {
    const actions: Action[] = []
    while (this.#at < this.#tokens.length) {
      const action: Action = { text: "" }
      if (this.take("rename") && !this.#isOneOf("column", "index", "key")) {
        if (!this.take("to")) this.take("as")
        action.renamedTo = this.table()
      } else if (this.takeAll("exchange", "partition")) {
        this.next()
        if (this.takeAll("with", "table")) action.exchangedWith = this.table()
      }
      action.text = this.#untilComma(action)
      actions.push(action)
    }
    return actions
  }

  #isOneOf(...words: string[]): boolean {
    return words.includes(this.#tokens[this.#at]?.text.toLowerCase() ?? "")
  }

  #untilComma({ renamedTo, exchangedWith }: Action): string {
    const isTaken = renamedTo !== undefined || exchangedWith !== undefined
    const before = this.#tokens[this.#at - 1]?.text.toLowerCase()
    const words = !isTaken && before === "rename" ? ["rename"] : []
    for (let depth = 0; this.#at < this.#tokens.length; this.#at++) {
      const { text } = this.#tokens[this.#at] as Token
      if (text === "(") depth++
      else if (text === ")") depth--
      else if (text === "," && depth === 0) {
        this.#at++
        break
      }
      words.push(text.toLowerCase())
    }
    return words.join(" ")
  }
}

// What is not closed goes on to the end: looked for again behind each mark, it would take the square of the length. And a
// class alone inside its star, for anything else is remembered character by character.
const wordPattern =
  /\s+|--[ \t][^\n]*|#[^\n]*|\/\*M?!\d*|\*\/|\/\*.*?(?:\*\/|$)|`([^`]*(?:``[^`]*)*)(?:`|$)|"([^"\\]*(?:(?:""|\\.)[^"\\]*)*)(?:"|$)|('[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|$))|[\p{L}\p{N}_$]+|./gsu

/** What stands in a comment that the server runs (`/*! … *\/`) counts. */
function tokensOf(sql: string): Token[] {
  const tokens: Token[] = []
  for (const match of sql.matchAll(wordPattern)) {
    const [text, backticked, quoted] = match
    if (tokens.length >= maxTokens) break
    if (backticked !== undefined) tokens.push({ text: backticked.replaceAll("``", "`"), isQuoted: true })
    else if (quoted !== undefined) tokens.push({ text: quoted.replaceAll('""', '"'), isQuoted: true })
    else if (!/^(?:\s|--[ \t]|#|\/\*|\*\/)/.test(text)) tokens.push({ text, isQuoted: false })
  }
  return tokens
}
