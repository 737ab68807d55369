import type { TableName } from "../../../domain/table.ts"

/** How a statement's text is to be read. */
export interface Reading {
  /** The database that names without one are in. */
  schema: string
  /** A backslash inside a string stands for itself (NO_BACKSLASH_ESCAPES). */
  plainBackslashes: boolean
  /** Whether what stands in a comment for certain servers (`/*!80000 … *\/`) counts. */
  runsVersioned: boolean
}

export interface Token {
  text: string
  isQuoted: boolean
}

/** One action of an ALTER TABLE. */
export interface Action {
  /** In lower case. */
  text: string
  /** As written. */
  tokens: Token[]
  renamedTo?: TableName
  exchangedWith?: TableName
}

/** The words of a statement, taken one after another. */
export class Words {
  readonly #tokens: Token[]
  readonly #schema: string
  #at = 0

  constructor(sql: string, reading: Reading) {
    this.#tokens = tokensOf(sql, reading)
    this.#schema = reading.schema
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  /** Whether these words follow one another anywhere from here on. */
  has(...words: string[]): boolean {
    return this.#tokens.some((_, index) => index >= this.#at && this.#isAt(index, words))
  }

  #isAt(index: number, words: readonly string[]): boolean {
    return words.every((word, i) => {
      const token = this.#tokens[index + i]
      return token !== undefined && !token.isQuoted && token.text.toLowerCase() === word
    })
  }

  /** Goes on behind the next such word. */
  skipTo(word: string): void {
    while (!this.isAtEnd && !this.take(word)) this.#at++
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

const maxTokens = 20_000

// What is not closed goes on to the end: looked for again behind each mark, it would take the square of the length. And a
// class alone inside its star, for anything else is remembered character by character.
const outside = String.raw`\s+|--(?=[\s\p{Cc}]|$)[^\n]*|#[^\n]*|\/\*M?!(?:\d{5,6})?|\*\/|\/\*.*?(?:\*\/|$)|`
const backticked = "`([^`]*(?:``[^`]*)*)(?:`|$)|"
const words = String.raw`|[\p{L}\p{N}_$]+|.`
const escaping = String.raw`"([^"\\]*(?:(?:""|\\.)[^"\\]*)*)(?:"|$)|('[^'\\]*(?:(?:''|\\.)[^'\\]*)*(?:'|$))`
const plain = `"([^"]*(?:""[^"]*)*)(?:"|$)|('[^']*(?:''[^']*)*(?:'|$))`
const patterns = {
  escaping: new RegExp(outside + backticked + escaping + words, "gsu"),
  plain: new RegExp(outside + backticked + plain + words, "gsu"),
}

/** Below this version every server that we read from runs what stands in such a comment. */
const everyVersion = 50_700
const versioned = /^\/\*(M?)!(\d*)$/

/** Whether only certain servers run what follows: of another kind, or of a later version. */
function isForSome(comment: string): boolean {
  const [, isForMariaDb, version = ""] = versioned.exec(comment) ?? []
  return isForMariaDb === "M" || (version !== "" && Number(version) >= everyVersion)
}

/** Whether the text holds comments that only certain servers run. */
export function hasVersioned(sql: string): boolean {
  return (sql.match(/\/\*M?!(?:\d{5,6})?/g) ?? []).some(isForSome)
}

function tokensOf(sql: string, { plainBackslashes, runsVersioned }: Reading): Token[] {
  const tokens: Token[] = []
  /** Inside a comment that this reading leaves out. */
  let isLeftOut = false
  for (const match of sql.matchAll(plainBackslashes ? patterns.plain : patterns.escaping)) {
    const [text, backticked, quoted] = match
    if (tokens.length >= maxTokens) break
    if (text === "*/") isLeftOut = false
    else if (versioned.test(text)) isLeftOut = !runsVersioned && isForSome(text)
    if (isLeftOut) continue
    if (backticked !== undefined) tokens.push({ text: backticked.replaceAll("``", "`"), isQuoted: true })
    else if (quoted !== undefined) tokens.push({ text: quoted.replaceAll('""', '"'), isQuoted: true })
    else if (!/^(?:\s|--(?:[\s\p{Cc}]|$)|#|\/\*|\*\/)/u.test(text)) tokens.push({ text, isQuoted: false })
  }
  return tokens
}
