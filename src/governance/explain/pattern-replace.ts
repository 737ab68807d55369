import type { Pattern, PatternNode } from "../grammar/pattern.ts"

/** Places by characters (code points), the end not included. `groups`: the whole match first; absent: the group took no part. */
export interface Match {
  start: number
  end: number
  groups: readonly (string | undefined)[]
}

/** Depth and time grow with the text. */
const longestText = 1_000
const mostSteps = 200_000

/**
 * Every match, from left to right, none overlapping: of several ways to match from a place the first that the pattern names, as the
 * embedded engine does. `undefined`: it would take too many steps, which engines that match in linear time do not need.
 */
export function everyMatch(pattern: Pattern, text: string): Match[] | undefined {
  const characters = [...text]
  if (characters.length > longestText) return undefined
  const subject: Subject = { characters, groups: [], numbers: numbered(pattern.node), steps: 0 }
  const matches: Match[] = []
  for (let at = 0; at < characters.length; ) {
    const end = matchAt(pattern.node, at, subject)
    if (subject.steps > mostSteps) return undefined
    if (end !== undefined && end > at) matches.push({ start: at, end, groups: groupsOf(subject, at, end) })
    at = end === undefined || end === at ? at + 1 : end
  }
  return matches
}

interface Subject {
  characters: readonly string[]
  /** Places of the captured groups, by number. */
  groups: (readonly [start: number, end: number] | undefined)[]
  numbers: ReadonlyMap<PatternNode, number>
  steps: number
}

/** Groups that capture, from 1, in the order of their opening brackets. */
function numbered(node: PatternNode, numbers = new Map<PatternNode, number>()): Map<PatternNode, number> {
  if (node.kind === "group" && node.captures) numbers.set(node, numbers.size + 1)
  if (node.kind === "group" || node.kind === "repeat") numbered(node.of, numbers)
  if (node.kind === "sequence" || node.kind === "either") for (const one of node.of) numbered(one, numbers)
  return numbers
}

function matchAt(node: PatternNode, at: number, subject: Subject): number | undefined {
  subject.groups = []
  let found: number | undefined
  go(node, at, subject, (end) => {
    found = end
    return true
  })
  return found
}

function groupsOf({ characters, groups }: Subject, start: number, end: number): (string | undefined)[] {
  const text = (place: readonly [number, number] | undefined) =>
    place === undefined ? undefined : characters.slice(...place).join("")
  return [text([start, end]), ...Array.from(groups.slice(1), text)]
}

type Next = (at: number) => boolean

/** Whether the node matches from here and what comes next matches behind it. */
function go(node: PatternNode, at: number, subject: Subject, next: Next): boolean {
  if (++subject.steps > mostSteps) return false
  switch (node.kind) {
    case "start":
      return at === 0 && next(at)
    case "end":
      return at === subject.characters.length && next(at)
    case "anyCharacter":
      return at < subject.characters.length && next(at + 1)
    case "class":
      return isIn(node, subject.characters[at]) && next(at + 1)
    case "sequence":
      return goThrough(node.of, at, subject, next)
    case "either":
      return node.of.some((one) => go(one, at, subject, next))
    case "group":
      return goGroup(node, at, subject, next)
    case "repeat":
      return goRepeat({ node, done: 0 }, at, subject, next)
  }
}

function goThrough(of: readonly PatternNode[], at: number, subject: Subject, next: Next): boolean {
  const [first, ...rest] = of
  return first === undefined ? next(at) : go(first, at, subject, (end) => goThrough(rest, end, subject, next))
}

function goGroup(
  node: Extract<PatternNode, { kind: "group" }>,
  at: number,
  subject: Subject,
  next: Next,
): boolean {
  const number = subject.numbers.get(node)
  return go(node.of, at, subject, (end) => {
    if (number === undefined) return next(end)
    const before = subject.groups[number]
    subject.groups[number] = [at, end]
    if (next(end)) return true
    subject.groups[number] = before
    return false
  })
}

interface Repeating {
  node: Extract<PatternNode, { kind: "repeat" }>
  done: number
}

/** As often as it goes, then less. */
function goRepeat({ node, done }: Repeating, at: number, subject: Subject, next: Next): boolean {
  const { of, least, most } = node
  const isMore =
    (most === undefined || done < most) &&
    go(of, at, subject, (end) => {
      if (end === at && done >= least) return false
      return goRepeat({ node, done: done + 1 }, end, subject, next)
    })
  return isMore || (done >= least && next(at))
}

function isIn(
  { ranges, isNegated }: Extract<PatternNode, { kind: "class" }>,
  character: string | undefined,
): boolean {
  const point = character?.codePointAt(0)
  if (point === undefined) return false
  return ranges.some(([first, last]) => first <= point && point <= last) !== isNegated
}
