import type { Pattern, PatternNode, ReplacementPart } from "./pattern.ts"

/** The pattern in the signs that all engines read alike: each sign that could mean something has a backslash. */
export function patternText({ node }: Pattern): string {
  return nodeText(node)
}

/** A replacement in which `\1` is a group and `\\` a backslash. */
export function replacementText(parts: readonly ReplacementPart[]): string {
  return parts
    .map((part) => (part.kind === "group" ? `\\${part.number}` : part.text.replaceAll("\\", "\\\\")))
    .join("")
}

function nodeText(node: PatternNode): string {
  switch (node.kind) {
    case "class":
      return classText(node)
    case "anyCharacter":
      return "."
    case "start":
      return "^"
    case "end":
      return "$"
    case "sequence":
      return node.of.map(nodeText).join("")
    case "either":
      return node.of.map(nodeText).join("|")
    case "group":
      return `(${node.captures ? "" : "?:"}${nodeText(node.of)})`
    case "repeat":
      return nodeText(node.of) + countText(node)
  }
}

function countText({ least, most }: { least: number; most?: number }): string {
  if (least === 0 && most === undefined) return "*"
  if (least === 1 && most === undefined) return "+"
  if (least === 0 && most === 1) return "?"
  if (least === most) return `{${least}}`
  return most === undefined ? `{${least},}` : `{${least},${most}}`
}

function classText({ ranges, isNegated }: Extract<PatternNode, { kind: "class" }>): string {
  const [only] = ranges
  if (!isNegated && ranges.length === 1 && only !== undefined && only[0] === only[1]) return signText(only[0])
  const members = ranges.map(([first, last]) =>
    first === last ? signText(first) : `${signText(first)}-${signText(last)}`,
  )
  return `[${isNegated ? "^" : ""}${members.join("")}]`
}

/** A sign of ASCII is escaped, letters and digits are not: `\d` would be a class. */
function signText(point: number): string {
  const character = String.fromCodePoint(point)
  return /[!-/:-@[-`{-~]/.test(character) ? `\\${character}` : character
}
