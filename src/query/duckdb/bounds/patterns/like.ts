import { PgError } from "../../../../wire/pgwire/pg-error.ts"
import { type Tree, type TreeValue, textAt } from "../../dialect/syntax-tree.ts"
import { literalText } from "../growth.ts"
import { become, callOf, childrenOf, negated, refused, refuseVolatile, textConstant } from "../nodes.ts"
import { textLimit, textUpTo } from "./regular-expressions.ts"

const expressionCharacter = /[\\.+*?()|{}[\]^$]/g

/** A pattern as a regular expression. Throws 22025 when the escape stands at its end. */
function likeExpression(pattern: string, escaping: string | undefined): string {
  let out = "(?s)"
  for (let at = 0; at < pattern.length; at++) {
    const character = pattern.charAt(at)
    if (escaping !== undefined && character === escaping) {
      at++
      if (at >= pattern.length) throw new PgError("22025", "LIKE pattern must not end with escape character")
      out += pattern.charAt(at).replace(expressionCharacter, "\\$&")
    } else if (character === "%") out += ".*"
    else if (character === "_") out += "."
    else out += character.replace(expressionCharacter, "\\$&")
  }
  return out
}

/** Which of the four operators. */
export interface LikeForm {
  isNegated: boolean
  ignoresCase: boolean
}

function functionCall(name: string, children: TreeValue[]): Tree {
  const call = callOf(name, children)
  return Object.assign(call, { function_name: name, schema: "", catalog: "" })
}

function matchOf(text: TreeValue, expression: string, { ignoresCase }: LikeForm): Tree {
  const limit = textLimit(expression)
  if (limit !== undefined) refuseVolatile("LIKE of a long pattern", [text])
  const bounded = limit === undefined ? text : textUpTo(text, limit)
  const value = ignoresCase ? functionCall("lower", [bounded]) : bounded
  return functionCall("regexp_full_match", [value, textConstant(expression)])
}

/** A LIKE of any form, if it could take more than linear time. True: the node was changed. Throws 0A000. */
export function like(node: Tree, form: LikeForm): boolean {
  const [text, pattern, escapeNode] = childrenOf(node)
  if (text === undefined || pattern === undefined) return false
  const literal = literalText(pattern)
  const escaping = escapeNode === undefined ? undefined : literalText(escapeNode)
  if (escapeNode !== undefined && (escaping === undefined || literal === undefined))
    throw refused(
      "ESCAPE with a computed pattern",
      "Write the pattern into the statement, or use a regular expression.",
    )
  if (literal === undefined) {
    refuseVolatile("LIKE", [pattern])
    const call = callOf(form.ignoresCase ? "ilike" : "like", [text, pattern])
    call.alias = textAt(node, "alias")
    become(node, form.isNegated ? negated(call) : call)
    return true
  }
  // Only segments between %: the engine finds them one after the other.
  if (escaping === undefined && !literal.includes("_")) return false
  const wanted = form.ignoresCase ? literal.toLowerCase() : literal
  const call = matchOf(
    text,
    likeExpression(wanted, form.ignoresCase ? escaping?.toLowerCase() : escaping),
    form,
  )
  call.alias = textAt(node, "alias")
  become(node, form.isNegated ? negated(call) : call)
  return true
}
