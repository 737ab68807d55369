import type { Pattern, PatternNode } from "./pattern.ts"

interface Subject {
  points: readonly number[]
  ignoresCase: boolean
}

/**
 * Whether the pattern is found anywhere in the text. All ways are followed at once, so that the time is bounded by the
 * pattern's size times the square of the text's length, whatever the pattern.
 */
export function isFound(pattern: Pattern, text: string, { ignoresCase }: { ignoresCase: boolean }): boolean {
  const points = [...text].map((character) => character.codePointAt(0) ?? 0)
  const everywhere = new Set(Array.from({ length: points.length + 1 }, (_, at) => at))
  return endsOf(pattern.node, everywhere, { points, ignoresCase }).size > 0
}

/** Where matches of the node end that begin at one of these places. */
function endsOf(node: PatternNode, starts: ReadonlySet<number>, subject: Subject): Set<number> {
  const { points } = subject
  switch (node.kind) {
    case "start":
      return new Set(starts.has(0) ? [0] : [])
    case "end":
      return new Set(starts.has(points.length) ? [points.length] : [])
    case "anyCharacter":
      return new Set([...starts].filter((at) => at < points.length).map((at) => at + 1))
    case "class":
      return new Set([...starts].filter((at) => isIn(node, points[at], subject)).map((at) => at + 1))
    case "sequence":
      return node.of.reduce((ends, one) => endsOf(one, ends, subject), new Set(starts))
    case "either":
      return new Set(node.of.flatMap((one) => [...endsOf(one, starts, subject)]))
    case "group":
      return endsOf(node.of, starts, subject)
    case "repeat":
      return endsOfRepeat(node, starts, subject)
  }
}

function endsOfRepeat(
  { of, least, most }: Extract<PatternNode, { kind: "repeat" }>,
  starts: ReadonlySet<number>,
  subject: Subject,
): Set<number> {
  let ends = new Set(starts)
  for (let done = 0; done < least; done++) ends = endsOf(of, ends, subject)
  const all = new Set(ends)
  for (let done = least; (most === undefined || done < most) && ends.size > 0; done++) {
    ends = new Set([...endsOf(of, ends, subject)].filter((end) => !all.has(end)))
    for (const end of ends) all.add(end)
  }
  return all
}

function isIn(
  { ranges, isNegated }: Extract<PatternNode, { kind: "class" }>,
  point: number | undefined,
  { ignoresCase }: Subject,
): boolean {
  if (point === undefined) return false
  const character = String.fromCodePoint(point)
  const forms = ignoresCase ? [character, character.toLowerCase(), character.toUpperCase()] : [character]
  const isInside = forms
    .map((form) => form.codePointAt(0) ?? 0)
    .some((form) => ranges.some(([first, last]) => first <= form && form <= last))
  return isInside !== isNegated
}
