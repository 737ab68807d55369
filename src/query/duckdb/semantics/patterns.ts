import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { similarMark } from "../dialect/similar-mark.ts"
import { isTree, type Tree, type TreeValue } from "../dialect/syntax-tree.ts"
import { become, childrenOf, constantText, dialectCall, engineCall, not, textConstant } from "./tree-nodes.ts"

/** What `regexp_full_match` is called when a client calls it by its name. */
export const fullMatchName = "regexp_full_match"

interface Form {
  isNegated: boolean
  ignoresCase: boolean
}

const likes: ReadonlyMap<string, Form> = new Map([
  ["~~", { isNegated: false, ignoresCase: false }],
  ["!~~", { isNegated: true, ignoresCase: false }],
  ["~~*", { isNegated: false, ignoresCase: true }],
  ["!~~*", { isNegated: true, ignoresCase: true }],
])

/** A backslash takes its meaning from the character behind it; the engine's LIKE has no such character. */
function likeWithBackslash(node: Tree, { isNegated, ignoresCase }: Form): boolean {
  const [text, pattern] = childrenOf(node)
  if (text === undefined || pattern === undefined) return false
  const literal = constantText(pattern)
  if (literal === undefined) {
    const call = dialectCall(ignoresCase ? "bounded_ilike_escaped" : "bounded_like_escaped", [text, pattern])
    return become(node, isNegated ? not(call) : call)
  }
  if (!literal.includes("\\")) return false
  const name = `${isNegated ? "not_" : ""}${ignoresCase ? "i" : ""}like_escape`
  return become(node, engineCall(name, [text, pattern, textConstant("\\")]))
}

/** The pattern of a SIMILAR TO without its mark; undefined: there is no mark. */
function similarPattern(pattern: TreeValue | undefined): { text: string } | { computed: Tree } | undefined {
  const literal = constantText(pattern)
  if (literal?.startsWith(similarMark)) return { text: literal.slice(similarMark.length) }
  if (!isTree(pattern) || pattern.class !== "FUNCTION" || pattern.function_name !== "||") return undefined
  const [first, second] = childrenOf(pattern)
  const inside = similarPattern(first)
  if (inside === undefined) return undefined
  if (!("text" in inside)) return { computed: { ...pattern, children: [inside.computed, second ?? null] } }
  if (inside.text === "" && isTree(second)) {
    const literalRest = constantText(second)
    return literalRest === undefined ? { computed: second } : { text: literalRest }
  }
  return { computed: { ...pattern, children: [textConstant(inside.text), second ?? null] } }
}

/** `%` and `_` are any text and any character; `|*+?{}()[]` as in regular expressions; all else is itself. The whole text must match. */
export function similarExpression(pattern: string): string {
  let out = ""
  let isInClass = false
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (character === "\\") {
      at++
      if (at >= pattern.length) throw new PgError("22025", "invalid escape string: the pattern ends with it")
      out += pattern.charAt(at).replace(/[^\w\s]/, "\\$&")
    } else if (isInClass) {
      if (character === "]") isInClass = false
      out += character
    } else if (character === "[") {
      isInClass = true
      out += character
    } else if (character === "%") out += ".*"
    else if (character === "_") out += "."
    else if (character === "(") out += "(?:"
    else if (/[.^$]/.test(character)) out += `\\${character}`
    else out += character
  }
  return `(?s)(?:${out})`
}

/** Texts of the statement that `||` joins; undefined: one of them is computed. */
function joinedText(node: TreeValue | undefined): string | undefined {
  const literal = constantText(node)
  if (literal !== undefined) return literal
  if (!isTree(node) || node.class !== "FUNCTION" || node.function_name !== "||") return undefined
  const parts = childrenOf(node).map(joinedText)
  return parts.includes(undefined) ? undefined : parts.join("")
}

/** `.` is any character, line breaks too. */
const posixOptions = { respectsCase: "s", ignoresCase: "is" } as const

function matchAnywhere(text: TreeValue, pattern: TreeValue, options: string): Tree {
  return engineCall("regexp_matches", [text, pattern, textConstant(options)])
}

function fullMatch(node: Tree): boolean {
  const [text, pattern] = childrenOf(node)
  if (text === undefined || pattern === undefined || childrenOf(node).length !== 2) return false
  const similar = similarPattern(pattern)
  if (similar === undefined) return become(node, matchAnywhere(text, pattern, posixOptions.respectsCase))
  const written = "text" in similar ? similar.text : joinedText(similar.computed)
  if (written === undefined) {
    throw new PgError("0A000", "SIMILAR TO takes its pattern as text in the statement", {
      hint: "Use LIKE, or a regular expression with ~.",
    })
  }
  return become(node, engineCall(fullMatchName, [text, textConstant(similarExpression(written))]))
}

/** LIKE, SIMILAR TO and the `~` family. True: the node was changed. Throws PgError. */
export function patternMeaning(node: Tree, name: string): boolean {
  const like = likes.get(name)
  if (like !== undefined) return likeWithBackslash(node, like)
  const [text, pattern] = childrenOf(node)
  switch (name) {
    case fullMatchName:
      return fullMatch(node)
    case "~*":
    case "!~*": {
      if (text === undefined || pattern === undefined) return false
      const call = matchAnywhere(text, pattern, posixOptions.ignoresCase)
      return become(node, name === "~*" ? call : not(call))
    }
    default:
      return false
  }
}
