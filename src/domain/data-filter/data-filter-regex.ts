/**
 * The regular expressions a data filter may hold: `. * + ?`, `\d`, `\w`, `$`, and `\` before a character that is to be
 * taken as itself. They match a whole name. The matcher is our own: it walks the name once and keeps the set of
 * places in the expression it may be at, so its work is bounded by length of name times length of expression.
 * (JavaScript's own engine takes exponential time on input as short as `.*.*.*.*.*x`.)
 */
export interface RegexItem {
  matches: CharacterClass
  /** May be skipped: `*` and `?`. */
  optional: boolean
  /** May be met again and again: `*` and `+`. */
  repeated: boolean
}

export type CharacterClass =
  | { kind: "any" }
  | { kind: "digit" }
  | { kind: "word" }
  | { kind: "character"; character: string }
  /** `$`: no character, only the end of the name. */
  | { kind: "end" }

export interface NameRegex {
  /** As written between the slashes. */
  source: string
  items: RegexItem[]
}

export function parseNameRegex(source: string): { ok: NameRegex } | { mistake: string } {
  if (source === "") return { mistake: "an empty regular expression" }
  const items: RegexItem[] = []
  const characters = [...source]
  for (let at = 0; at < characters.length; ) {
    const read = readItem(characters, at)
    if ("mistake" in read) return read
    items.push(read.item)
    at = read.next
  }
  return { ok: { source, items } }
}

type Read = { item: RegexItem; next: number } | { mistake: string }

function readItem(characters: string[], at: number): Read {
  const atom = readAtom(characters, at)
  if ("mistake" in atom) return atom
  const quantifier = characters[atom.next]
  if (quantifier !== "*" && quantifier !== "+" && quantifier !== "?") {
    return { item: { matches: atom.matches, optional: false, repeated: false }, next: atom.next }
  }
  if (atom.matches.kind === "end") return { mistake: `${quantifier} after $ repeats nothing` }
  return {
    item: { matches: atom.matches, optional: quantifier !== "+", repeated: quantifier !== "?" },
    // `*?` is the reluctant form: the same names match, since the whole name must.
    next: characters[atom.next + 1] === "?" ? atom.next + 2 : atom.next + 1,
  }
}

type Atom = { matches: CharacterClass; next: number } | { mistake: string }

function readAtom(characters: string[], at: number): Atom {
  const character = characters[at] ?? ""
  switch (character) {
    case "*":
    case "+":
    case "?":
      return { mistake: `nothing before ${character} that it could repeat` }
    case ".":
      return { matches: { kind: "any" }, next: at + 1 }
    case "$":
      return { matches: { kind: "end" }, next: at + 1 }
    case "\\":
      return readEscape(characters[at + 1], at + 2)
    default:
      return { matches: { kind: "character", character }, next: at + 1 }
  }
}

function readEscape(character: string | undefined, next: number): Atom {
  if (character === undefined) return { mistake: "a \\ with nothing after it" }
  if (character === "d") return { matches: { kind: "digit" }, next }
  if (character === "w") return { matches: { kind: "word" }, next }
  if (/[a-zA-Z0-9]/.test(character)) return { mistake: `\\${character} is not supported (only \\d and \\w)` }
  return { matches: { kind: "character", character }, next }
}

/** Whether the whole name matches. */
export function matchesName(regex: NameRegex, name: string): boolean {
  return simulate(regex, name).matched
}

/** The same, with the number of places looked at: at most (characters + 1) × (items + 1). */
export function simulate(regex: NameRegex, name: string): { matched: boolean; steps: number } {
  const { items } = regex
  let steps = 0
  let here = new Uint8Array(items.length + 1)
  here[0] = 1
  const characters: (string | undefined)[] = [...name, undefined]
  for (const character of characters) {
    const next = new Uint8Array(items.length + 1)
    for (let at = 0; at <= items.length; at++) {
      steps++
      const item = items[at]
      if (here[at] !== 1 || item === undefined) continue
      if (item.optional) here[at + 1] = 1
      if (item.matches.kind === "end") {
        if (character === undefined) here[at + 1] = 1
      } else if (character !== undefined && admits(item.matches, character)) {
        next[item.repeated ? at : at + 1] = 1
        // After `x+` has met one x it may go on as well as stay.
        if (item.repeated) next[at + 1] = 1
      }
    }
    if (character === undefined) break
    here = next
  }
  return { matched: here[items.length] === 1, steps }
}

function admits(matches: Exclude<CharacterClass, { kind: "end" }>, character: string): boolean {
  switch (matches.kind) {
    case "any":
      return true
    case "digit":
      return character >= "0" && character <= "9"
    case "word":
      return /^[a-zA-Z0-9_]$/.test(character)
    case "character":
      return character === matches.character
  }
}
