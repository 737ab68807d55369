/**
 * The checked part of regular expressions: what every engine reads alike, and matches in linear time. Characters, `.`,
 * classes, groups, `|`, `* + ? {n,m}`, `^`, `$`, `\d \w \s` (of ASCII) and their opposites, `\t \n \r`, escaped signs. No
 * references back, no looking around, no lazy repeats, no flags.
 */
export type PatternNode =
  /** Characters by their code points, both ends included. */
  | { kind: "class"; isNegated: boolean; ranges: readonly CharacterRange[] }
  | { kind: "anyCharacter" }
  | { kind: "start" | "end" }
  | { kind: "sequence" | "either"; of: readonly PatternNode[] }
  | { kind: "group"; of: PatternNode; captures: boolean }
  /** `most` absent: without end. */
  | { kind: "repeat"; of: PatternNode; least: number; most?: number }

export type CharacterRange = readonly [first: number, last: number]

export interface Pattern {
  node: PatternNode
  /** Number of groups that capture. */
  groups: number
}

export const longestPatternCharacters = 200
export const mostPatternLevels = 10
/** Repeats written out; every engine takes that many. */
export const mostPatternSize = 2_000
export const mostRepeats = 100

export type ReplacementPart = { kind: "text"; text: string } | { kind: "group"; number: number }

/** A text that is not in the grammar; the message says what is wrong and where. */
export class PatternError extends Error {}

/** @throws PatternError */
export function readPattern(text: string): Pattern {
  const characters = [...text]
  if (characters.length > longestPatternCharacters)
    throw new PatternError(`a pattern has at most ${longestPatternCharacters} characters`)
  const reader: Reader = { characters, at: 0, groups: 0 }
  const node = readEither(reader, 1)
  if (reader.at < characters.length) throw wrong(reader, "`)` closes no group")
  if (sizeOf(node) > mostPatternSize) throw new PatternError("the repeats of the pattern are too many")
  return { node, groups: reader.groups }
}

interface Reader {
  characters: readonly string[]
  at: number
  groups: number
}

function wrong(reader: Reader, message: string): PatternError {
  return new PatternError(`at character ${reader.at + 1} of the pattern: ${message}`)
}

function readEither(reader: Reader, level: number): PatternNode {
  if (level > mostPatternLevels) throw wrong(reader, `groups lie at most ${mostPatternLevels} deep`)
  const choices = [readSequence(reader, level)]
  while (reader.characters[reader.at] === "|") {
    reader.at++
    choices.push(readSequence(reader, level))
  }
  return choices.length === 1 ? (choices[0] as PatternNode) : { kind: "either", of: choices }
}

function readSequence(reader: Reader, level: number): PatternNode {
  const of: PatternNode[] = []
  for (;;) {
    const next = reader.characters[reader.at]
    if (next === undefined || next === "|" || next === ")") return { kind: "sequence", of }
    of.push(readRepeats(reader, readAtom(reader, level)))
  }
}

function readRepeats(reader: Reader, of: PatternNode): PatternNode {
  const counts = readCounts(reader)
  if (counts === undefined) return of
  if (of.kind === "start" || of.kind === "end") throw wrong(reader, "`^` and `$` cannot be repeated")
  if (/[*+?{]/.test(reader.characters[reader.at] ?? ""))
    throw wrong(reader, "one repeat after another (`+?`, `**`) is not in the checked grammar; use a group")
  return { kind: "repeat", of, ...counts }
}

function readCounts(reader: Reader): { least: number; most?: number } | undefined {
  const sign = reader.characters[reader.at]
  if (sign === "*" || sign === "+" || sign === "?") {
    reader.at++
    return { least: sign === "+" ? 1 : 0, ...(sign === "?" ? { most: 1 } : {}) }
  }
  if (sign !== "{") return undefined
  const rest = reader.characters.slice(reader.at, reader.at + 12).join("")
  const found = /^\{(\d{1,3})(,(\d{1,3})?)?\}/.exec(rest)
  if (found === null) throw wrong(reader, "`{` begins a count such as {2} or {2,5}; the sign itself is `\\{`")
  const least = Number(found[1])
  const most = found[2] === undefined ? least : found[3] === undefined ? undefined : Number(found[3])
  if (Math.max(least, most ?? 0) > mostRepeats || (most !== undefined && (most < least || most === 0)))
    throw wrong(reader, `a count is at most ${mostRepeats}, and the second is not less than the first`)
  reader.at += found[0].length
  return { least, ...(most === undefined ? {} : { most }) }
}

function readAtom(reader: Reader, level: number): PatternNode {
  const character = reader.characters[reader.at] ?? ""
  if (character === "(") return readGroup(reader, level)
  if (character === "[") return readClass(reader)
  if (character === "\\") {
    const ranges = readEscape(reader)
    return { kind: "class", ...ranges }
  }
  if (/[*+?{}\]]/.test(character))
    throw wrong(reader, `\`${character}\` has nothing to belong to; the sign itself is \`\\${character}\``)
  reader.at++
  if (character === ".") return { kind: "anyCharacter" }
  if (character === "^") return { kind: "start" }
  if (character === "$") return { kind: "end" }
  return { kind: "class", isNegated: false, ranges: [oneOf(character)] }
}

function readGroup(reader: Reader, level: number): PatternNode {
  const second = reader.characters.slice(reader.at + 1, reader.at + 3).join("")
  const captures = !second.startsWith("?")
  if (!captures && second !== "?:") throw wrong(reader, "of `(?…` only `(?:` is in the checked grammar")
  reader.at += captures ? 1 : 3
  if (captures && ++reader.groups > 9) throw wrong(reader, "at most nine groups; others begin with `(?:`")
  const of = readEither(reader, level + 1)
  if (reader.characters[reader.at] !== ")") throw wrong(reader, "a `)` is missing")
  reader.at++
  return { kind: "group", of, captures }
}

const digits: readonly CharacterRange[] = [[0x30, 0x39]]
const wordCharacters: readonly CharacterRange[] = [...digits, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]]
const spaces: readonly CharacterRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
]
const escapedClasses = new Map<string, readonly CharacterRange[]>([
  ["d", digits],
  ["w", wordCharacters],
  ["s", spaces],
])
const escapedCharacters = new Map([
  ["t", "\t"],
  ["n", "\n"],
  ["r", "\r"],
])

function oneOf(character: string): CharacterRange {
  const point = character.codePointAt(0) ?? 0
  return [point, point]
}

/** What stands after a backslash; moves past it. */
function readEscape(reader: Reader): { isNegated: boolean; ranges: readonly CharacterRange[] } {
  const character = reader.characters[reader.at + 1]
  if (character === undefined) throw wrong(reader, "a backslash at the end")
  const ranges = escapedClasses.get(character.toLowerCase())
  const single = escapedCharacters.get(character) ?? (/[A-Za-z0-9]/.test(character) ? undefined : character)
  if (ranges === undefined && single === undefined)
    throw wrong(reader, `\`\\${character}\` is not in the checked grammar`)
  reader.at += 2
  if (ranges !== undefined) return { isNegated: character !== character.toLowerCase(), ranges }
  return { isNegated: false, ranges: [oneOf(single ?? "")] }
}

function readClass(reader: Reader): PatternNode {
  reader.at++
  const isNegated = reader.characters[reader.at] === "^"
  if (isNegated) reader.at++
  const ranges: CharacterRange[] = []
  while (reader.characters[reader.at] !== "]") ranges.push(...readMembers(reader))
  if (ranges.length === 0) throw wrong(reader, "a class is empty; the sign itself is `\\]`")
  reader.at++
  return { kind: "class", isNegated, ranges }
}

function readMembers(reader: Reader): readonly CharacterRange[] {
  const first = readMember(reader)
  const isRange = reader.characters[reader.at] === "-" && reader.characters[reader.at + 1] !== "]"
  if (!isRange) return first
  reader.at++
  const last = readMember(reader)
  const [from, to] = [first[0], last[0]]
  if (
    from === undefined ||
    to === undefined ||
    first.length > 1 ||
    last.length > 1 ||
    from[0] !== from[1] ||
    to[0] !== to[1]
  )
    throw wrong(reader, "a range goes from one character to another")
  if (from[0] > to[0]) throw wrong(reader, "a range goes upwards")
  return [[from[0], to[0]]]
}

function readMember(reader: Reader): readonly CharacterRange[] {
  const character = reader.characters[reader.at]
  if (character === undefined) throw wrong(reader, "a `]` is missing")
  if (character === "\\") {
    const { isNegated, ranges } = readEscape(reader)
    if (isNegated) throw wrong(reader, "`\\D`, `\\W` and `\\S` cannot stand in a class")
    return ranges
  }
  if (character === "[") throw wrong(reader, "in a class `[` is written `\\[`")
  reader.at++
  return [oneOf(character)]
}

function sizeOf(node: PatternNode): number {
  switch (node.kind) {
    case "class":
    case "anyCharacter":
    case "start":
    case "end":
      return 1
    case "sequence":
    case "either":
      return node.of.reduce((sum, one) => sum + sizeOf(one), 1)
    case "group":
      return sizeOf(node.of)
    case "repeat":
      return sizeOf(node.of) * Math.max(1, node.least, node.most ?? 0)
  }
}

/** Whether the pattern matches the empty text, and so matches everywhere. */
export function matchesNothing(node: PatternNode): boolean {
  switch (node.kind) {
    case "class":
    case "anyCharacter":
      return false
    case "start":
    case "end":
      return true
    case "sequence":
      return node.of.every(matchesNothing)
    case "either":
      return node.of.some(matchesNothing)
    case "group":
      return matchesNothing(node.of)
    case "repeat":
      return node.least === 0 || matchesNothing(node.of)
  }
}

/** `\1` to `\9`: a group; `\\`: a backslash. @throws PatternError */
export function readReplacement(text: string, pattern: Pattern): ReplacementPart[] {
  const parts: ReplacementPart[] = []
  for (const [found, group] of text.matchAll(/\\(.?)|[^\\]+/gsu)) {
    if (group === undefined) parts.push({ kind: "text", text: found })
    else if (group === "\\") parts.push({ kind: "text", text: "\\" })
    else if (/^[1-9]$/.test(group) && Number(group) <= pattern.groups)
      parts.push({ kind: "group", number: Number(group) })
    else
      throw new PatternError(
        `\`\\${group}\` in the replacement is none of the pattern's ${pattern.groups} groups`,
      )
  }
  return parts
}
