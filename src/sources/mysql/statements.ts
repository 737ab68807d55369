import type { TableName } from "../../domain/table.ts"

/** What a statement of the log means for the rows of tables. Rows themselves come as row events. */
export type Statement =
  | { kind: "begin" | "commit" | "rollback" | "xaEnd" | "none" }
  | { kind: "xaStart" | "xaCommit" | "xaRollback"; xid: string }
  /** Empties tables. */
  | { kind: "truncate"; tables: TableName[] }
  /** These names mean other tables, or tables of another shape, from here on. */
  | { kind: "redefine"; tables: TableName[]; gone: TableName[] }
  /** Changes whose outcome follows from the table as it was. */
  | { kind: "alter"; table: TableName; changes: TableChange[] }
  | { kind: "dropSchema"; schema: string }
  /** Changed rows of which the log does not tell. */
  | { kind: "unloggedRows" }

export type TableChange =
  | { kind: "dropColumn"; name: string; ifExists: boolean }
  | { kind: "renameColumn"; name: string; to: string }
  | { kind: "dropIndex"; name: string }

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
  if (words.take("index")) return dropIndexStatement(words)
  if (!words.take("table") && !words.take("tables")) return { kind: "none" }
  words.takeAll("if", "exists")
  const gone = [words.table()]
  while (words.take(",")) gone.push(words.table())
  return { kind: "redefine", tables: [], gone }
}

function dropIndexStatement(words: Words): Statement {
  words.takeAll("if", "exists")
  const name = words.next()
  if (!words.take("on")) return { kind: "none" }
  return { kind: "alter", table: words.table(), changes: [{ kind: "dropIndex", name }] }
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
  const changes = actions.map(tableChange)
  if (
    exchanged.length === 0 &&
    actions.every(({ text }, i) => changes[i] !== undefined || harmless.test(text))
  ) {
    const known = changes.filter((change) => change !== undefined)
    return known.length === 0 ? { kind: "none" } : { kind: "alter", table, changes: known }
  }
  return { kind: "redefine", tables: [table, ...exchanged], gone: [] }
}

const otherThanColumns = new Set(["primary", "foreign", "partition", "period", "system"])
const indexWords = new Set(["index", "key", "constraint"])

/** `undefined`: it is none of those that a statement tells whole. */
function tableChange({ tokens }: Action): TableChange | undefined {
  const words = tokens.map(({ text, isQuoted }) => (isQuoted ? "" : text.toLowerCase()))
  const [verb, kind = ""] = words
  if (verb === "rename" && kind === "column" && words[3] === "to" && tokens.length === 5)
    return { kind: "renameColumn", name: tokens[2]?.text ?? "", to: tokens[4]?.text ?? "" }
  if (verb !== "drop") return undefined
  const isIndex = indexWords.has(kind)
  let at = isIndex || kind === "column" ? 2 : 1
  const ifExists = words[at] === "if" && words[at + 1] === "exists"
  if (ifExists) at += 2
  const name = tokens[at]?.text
  const isLast = at === tokens.length - 1
  if (name === undefined) return undefined
  if (isIndex) return isLast ? { kind: "dropIndex", name } : undefined
  const isColumn = kind === "column" || !otherThanColumns.has(kind)
  const isWhole = isLast || (at === tokens.length - 2 && /^(?:restrict|cascade)$/.test(words[at + 1] ?? ""))
  return isColumn && isWhole ? { kind: "dropColumn", name, ifExists } : undefined
}

interface Action {
  /** In lower case. */
  text: string
  /** As written. */
  tokens: Token[]
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
      const action: Action = { text: "", tokens: [] }
      if (this.take("rename") && !this.#isOneOf("column", "index", "key")) {
        if (!this.take("to")) this.take("as")
        action.renamedTo = this.table()
      } else if (this.takeAll("exchange", "partition")) {
        this.next()
        if (this.takeAll("with", "table")) action.exchangedWith = this.table()
      }
      this.#untilComma(action)
      actions.push(action)
    }
    return actions
  }

  #isOneOf(...words: string[]): boolean {
    return words.includes(this.#tokens[this.#at]?.text.toLowerCase() ?? "")
  }

  #untilComma(action: Action): void {
    const isTaken = action.renamedTo !== undefined || action.exchangedWith !== undefined
    const before = this.#tokens[this.#at - 1]
    if (!isTaken && before?.text.toLowerCase() === "rename") action.tokens.push(before)
    for (let depth = 0; this.#at < this.#tokens.length; this.#at++) {
      const token = this.#tokens[this.#at] as Token
      if (token.text === "(") depth++
      else if (token.text === ")") depth--
      else if (token.text === "," && depth === 0) {
        this.#at++
        break
      }
      action.tokens.push(token)
    }
    action.text = action.tokens.map(({ text }) => text.toLowerCase()).join(" ")
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
