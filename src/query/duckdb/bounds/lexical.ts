import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { isSymbol, isWord, type Token } from "../../text/tokens.ts"

/**
 * What one statement may have, judged on its tokens, before the engine's parser sees it. The engine's parser, binder and
 * planner cannot be interrupted, recurse on the native stack, and take the square, the cube or an exponential of these
 * numbers (DuckDB 1.5.6, 2 cores: depth 200 takes 0.4 to 1.7 s, depth 300 several seconds).
 */
export const lexicalLimits = {
  /** Brackets, CASEs and operators that are open inside each other. */
  depth: 200,
  /** Parts of a dotted name. */
  nameParts: 20,
  /** Of one part: the engine compares a name that it does not find with all that it has, letter by letter. */
  nameCharacters: 10_000,
  /** `->` and `->>` inside each other: each may be a lambda, and the binder tries both ways. */
  arrows: 12,
  /** JOINs in all; those of one query block are counted in its tree. */
  joins: 1000,
  /** Queries of WITH. */
  ctes: 200,
  /** Tokens that a CASE with an operand adds: the parser copies the operand into each WHEN. */
  copiedTokens: 20_000,
}

function tooComplex(what: string, hint: string): PgError {
  return new PgError("54001", `statement too complex: ${what}`, { hint })
}

const tooDeep = () =>
  tooComplex(
    `more than ${lexicalLimits.depth} levels of nesting`,
    "Brackets, CASE and operators without brackets between them count, one level each.",
  )

/** An open bracket or CASE; the whole statement is one, too. */
interface Frame {
  kind: "brackets" | "case"
  /** Operators since the last separator: each is a level of the parser's tree. */
  chain: number
  arrows: number
  isInWith: boolean
  /** Tokens inside, with those that the parser will copy. */
  size: number
  /** CASE only: the operand's size, once the first WHEN has come. */
  operand: number | undefined
  whens: number
}

const newFrame = (kind: Frame["kind"]): Frame => ({
  kind,
  chain: 0,
  arrows: 0,
  isInWith: false,
  size: 0,
  operand: undefined,
  whens: 0,
})

/** Between these, operators are on different levels of the tree. */
const separators = new Set(
  `select from where having group order limit offset union intersect except when then else on using values
   and or as set join qualify window returning with`.split(/\s+/),
)
const operatorWords = new Set(
  "not is isnull notnull like ilike similar glob in between collate at escape".split(" "),
)
const operatorSymbol = /^[!#%&*+\-/:<=>?@^|~]/

const opens = (token: Token) => token.kind === "symbol" && ["(", "[", "{"].includes(token.value)
const closes = (token: Token) => token.kind === "symbol" && [")", "]", "}"].includes(token.value)
const isName = (token: Token | undefined) => token?.kind === "word" || token?.kind === "quoted"

/** Walks once over a statement's tokens. */
function walker(tokens: readonly Token[]) {
  let frame = newFrame("brackets")
  const stack: Frame[] = [frame]
  let depth = 0
  let openArrows = 0
  let copied = 0
  let joins = 0
  let ctes = 0

  function deeper(by: number): void {
    depth += by
    if (depth > lexicalLimits.depth) throw tooDeep()
  }

  function push(kind: Frame["kind"]): void {
    deeper(1)
    frame = newFrame(kind)
    stack.push(frame)
  }

  function endChain(): void {
    depth -= frame.chain
    openArrows -= frame.arrows
    frame.chain = 0
    frame.arrows = 0
  }

  function sizeOf({ operand, whens, size }: Frame): number {
    if (operand === undefined || operand === 0) return size
    const copies = operand * Math.max(0, whens - 1)
    copied += copies
    if (copied > lexicalLimits.copiedTokens) {
      throw tooComplex(
        "the operands of CASE are too long for the number of their WHENs",
        "The operand is copied into each WHEN: name it in a subquery first.",
      )
    }
    return size + copies
  }

  function pop(): void {
    if (stack.length === 1) return
    endChain()
    depth--
    const inner = sizeOf(frame)
    stack.pop()
    frame = stack.at(-1) ?? frame
    frame.size += inner
  }

  /** Brackets that close end the CASEs that nothing has ended. */
  function closeBrackets(): void {
    while (frame.kind === "case") pop()
    pop()
  }

  function arrow(): void {
    frame.arrows++
    openArrows++
    if (openArrows > lexicalLimits.arrows) {
      throw tooComplex(
        `more than ${lexicalLimits.arrows} arrows inside each other`,
        "json_extract(value, '$.a.b.c') takes the whole path at once.",
      )
    }
  }

  function operator(token: Token): void {
    frame.chain++
    deeper(1)
    if (token.value.startsWith("->")) arrow()
  }

  function caseWord(token: Token, at: number): boolean {
    if (isWord(token, "case") && !isSymbol(tokens[at - 1], ".")) push("case")
    else if (isWord(token, "end") && frame.kind === "case") pop()
    else {
      if (frame.kind === "case" && isWord(token, "when")) {
        frame.operand ??= frame.size - 1
        frame.whens++
      }
      return false
    }
    return true
  }

  function count(token: Token, at: number): void {
    if (isWord(token, "join") && ++joins > lexicalLimits.joins) {
      throw tooComplex(`more than ${lexicalLimits.joins} joins`, "Join in steps, through tables of your own.")
    }
    if (isWord(token, "with")) frame.isInWith = !isWord(tokens[at + 1], "time", "ordinality", "ties")
    if (isWord(token, "select", "insert", "update", "delete", "merge")) frame.isInWith = false
    if (!frame.isInWith || !isWord(token, "as")) return
    const next = tokens.slice(at + 1, at + 4).find((one) => !isWord(one, "not", "materialized"))
    if (isSymbol(next, "(") && ++ctes > lexicalLimits.ctes) {
      throw tooComplex(`more than ${lexicalLimits.ctes} queries in WITH`, "Make views or tables of some.")
    }
  }

  function word(token: Token, at: number): void {
    if (caseWord(token, at)) return
    count(token, at)
    if (separators.has(token.value)) endChain()
    else if (operatorWords.has(token.value)) operator(token)
  }

  function symbol(token: Token, at: number): void {
    const before = tokens[at - 1]
    const followsValue = before !== undefined && (isName(before) || closes(before))
    if (opens(token)) {
      // A subscript, a list type.
      if (token.value === "[" && followsValue) operator(token)
      push("brackets")
      if (token.value === "{") deeper(1)
    } else if (closes(token)) {
      if (token.value === "}") depth--
      closeBrackets()
    } else if (token.value === "," || token.value === ";") endChain()
    else if (token.value === "." && before !== undefined && closes(before)) operator(token)
    else if (operatorSymbol.test(token.value)) operator(token)
  }

  return {
    take(token: Token, at: number): void {
      frame.size++
      if (token.kind === "word") word(token, at)
      else if (token.kind === "symbol") symbol(token, at)
    },
    end(): void {
      while (stack.length > 1) pop()
    },
  }
}

/** The dots of one name after the other, and how long each part is. */
function refuseLongNames(tokens: readonly Token[]): void {
  let parts = 0
  for (const [at, token] of tokens.entries()) {
    if (isName(token) && token.value.length > lexicalLimits.nameCharacters) {
      throw new PgError("42622", `a name of more than ${lexicalLimits.nameCharacters} characters`, {
        position: token.start + 1,
      })
    }
    if (isSymbol(token, ".")) {
      if (++parts >= lexicalLimits.nameParts) {
        throw new PgError("54001", `a name of more than ${lexicalLimits.nameParts} parts`, {
          position: token.start + 1,
        })
      }
    } else if (!isName(token) || !isSymbol(tokens[at - 1], ".")) parts = 0
  }
}

/** Refuses what the engine's parser must not be given. One pass over the tokens. Throws 54001, 42622. */
export function refuseDeep(tokens: readonly Token[]): void {
  refuseLongNames(tokens)
  const walk = walker(tokens)
  for (const [at, token] of tokens.entries()) walk.take(token, at)
  walk.end()
}
