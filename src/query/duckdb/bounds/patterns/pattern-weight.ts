/** The engine repeats a part so often at most, all counted repeats around it multiplied. */
const repeatsAtMost = 1000

/** Of one class: `\pL` and its kind are hundreds of ranges of bytes. */
const unicodeClassWeight = 40

/** A matcher with few choices has few states, however long the words in it are. */
const statesPerChoice = 8

interface Weight {
  /** Characters and classes, after the counted repeats are written out. */
  atoms: number
  /** Those of them that fit several characters, or may be missing or come again. */
  choices: number
  /** Something in it may come again without end. */
  isEndless: boolean
  /** A search may end long after the match that it finds; see `isLinearSearch`. */
  looksFar: boolean
}

const nothing: Weight = { atoms: 0, choices: 0, isEndless: false, looksFar: false }
const character: Weight = { ...nothing, atoms: 1 }
const choice: Weight = { ...character, choices: 1 }

const sum = (a: Weight, b: Weight): Weight => ({
  atoms: a.atoms + b.atoms,
  choices: a.choices + b.choices,
  isEndless: a.isEndless || b.isEndless,
  looksFar: a.looksFar || b.looksFar,
})
const times = (count: number, part: Weight): Weight => ({
  ...part,
  atoms: part.atoms * count,
  choices: part.choices * count,
})

/** A part of a pattern in brackets; the whole pattern is one, too. */
class Group {
  private before = nothing
  private atom = nothing
  private branches = 1
  /** Of several words, say `error|warning`, the longest counts, as the engine shares their beginnings. */
  private longestWord = 0
  private others = nothing

  add(atom: Weight): void {
    this.before = sum(this.before, this.atom)
    this.atom = atom
  }

  /** `*`, `+`, `?`. */
  makeChoice(isEndless: boolean): void {
    this.atom = { ...this.quantified(isEndless), choices: Math.max(1, this.atom.choices) }
  }

  /** `{n,m}`. */
  repeat(count: number, isEndless: boolean): void {
    this.atom = times(count, this.quantified(isEndless))
    if (isEndless) this.atom.choices = Math.max(1, this.atom.choices)
  }

  private quantified(isEndless: boolean): Weight {
    const { atom } = this
    return { ...atom, isEndless: isEndless || atom.isEndless, looksFar: atom.looksFar || atom.isEndless }
  }

  private endBranch(): void {
    const branch = sum(this.before, this.atom)
    if (branch.choices === 0) this.longestWord = Math.max(this.longestWord, branch.atoms)
    else this.others = sum(this.others, branch)
    this.before = nothing
    this.atom = nothing
  }

  alternative(): void {
    this.endBranch()
    this.branches++
  }

  end(): Weight {
    this.endBranch()
    const choices = this.branches > 1 ? Math.max(1, this.others.choices) : this.others.choices
    const { atoms, isEndless, looksFar } = this.others
    return {
      atoms: this.longestWord + atoms,
      choices,
      isEndless,
      looksFar: looksFar || (isEndless && this.branches > 1),
    }
  }
}

/** Names of classes are no longer: a look for their end goes no further. */
const nameCharacters = 60

/** The place of `what` in what follows; -1: not near. */
function near(pattern: string, what: string, at: number): number {
  const found = pattern.slice(at, at + nameCharacters).indexOf(what)
  return found < 0 ? -1 : at + found
}

/** The place behind the `]` of a class that begins at `at`. */
function classEnd(pattern: string, at: number): number {
  let next = at + (pattern[at + 1] === "^" ? 2 : 1)
  if (pattern[next] === "]") next++
  for (; next < pattern.length; next++) {
    if (pattern[next] === "\\") next++
    else if (pattern[next] === "]") return next + 1
    else if (pattern.startsWith("[:", next)) {
      const end = near(pattern, ":]", next + 2)
      if (end > 0) next = end + 1
    }
  }
  return pattern.length
}

/** What a backslash begins, and the place behind it. */
function escaped(pattern: string, at: number): { atom: Weight; end: number } {
  const letter = pattern[at + 1] ?? ""
  const hasName = pattern[at + 2] === "{" && "pPx".includes(letter)
  const close = hasName ? near(pattern, "}", at) : -1
  const end = close > 0 ? close + 1 : at + (letter === "p" || letter === "P" ? 3 : 2)
  if (letter === "p" || letter === "P") return { atom: times(unicodeClassWeight, choice), end }
  return { atom: /[dDwWsSC]/.test(letter) ? choice : character, end }
}

const countedRepeat = /\{(\d{1,9})(?:,(\d{0,9}))?\}/y

/** How often `{n,m}` at this place repeats what is before it, and the place behind it; undefined: it is none. */
function repeatAt(
  pattern: string,
  at: number,
): { count: number; isEndless: boolean; end: number } | undefined {
  countedRepeat.lastIndex = at
  const found = countedRepeat.exec(pattern)
  if (found === null) return undefined
  const count = Math.max(1, Number(found[1]), Number(found[2] ?? 0))
  const isEndless = found[2] === ""
  return { count: Math.min(count, repeatsAtMost), isEndless, end: countedRepeat.lastIndex }
}

const groupOptions = /\(\?(?:P?<\w{0,60}>|[a-zA-Z-]{0,20}[:)]?)/y

/** Behind `(`, and behind what says more of the group; `(?i)` is a group of its own. */
function groupStart(pattern: string, at: number): number {
  groupOptions.lastIndex = at
  const options = groupOptions.exec(pattern)?.[0]
  if (options === undefined) return at + 1
  return at + options.length - (options.endsWith(")") ? 1 : 0)
}

/** Reads a pattern once, and says what it becomes. */
function measured(pattern: string): Weight {
  let group = new Group()
  const outer: Group[] = []

  function close(): void {
    const around = outer.pop()
    if (around === undefined) return group.add(character)
    around.add(group.end())
    group = around
  }

  /** `?` behind a quantifier says only which match is wanted. */
  function quantifier(at: number): number {
    group.makeChoice(pattern[at] !== "?")
    return pattern[at + 1] === "?" ? at + 2 : at + 1
  }

  /** Returns the place behind. */
  function take(at: number): number {
    const repeat = pattern[at] === "{" ? repeatAt(pattern, at) : undefined
    if (repeat !== undefined) {
      group.repeat(repeat.count, repeat.isEndless)
      return repeat.end
    }
    switch (pattern[at]) {
      case "\\": {
        const { atom, end } = escaped(pattern, at)
        group.add(atom)
        return end
      }
      case "[":
        group.add(choice)
        return classEnd(pattern, at)
      case "(":
        outer.push(group)
        group = new Group()
        return groupStart(pattern, at)
      case ")":
        close()
        return at + 1
      case "|":
        group.alternative()
        return at + 1
      case "*":
      case "+":
      case "?":
        return quantifier(at)
      default:
        group.add(pattern[at] === "." ? choice : character)
        return at + 1
    }
  }

  for (let at = 0; at < pattern.length; ) at = take(at)
  while (outer.length > 0) close()
  return group.end()
}

/**
 * About how many states the engine's matcher goes through at each character of a text, at worst: a text takes the product
 * of its length and this. Linear in the pattern's length; at least 1.
 */
export function patternWeight(pattern: string): number {
  const { atoms, choices } = measured(pattern)
  return Math.max(1, Math.min(atoms, choices * statesPerChoice))
}

/**
 * Whether finding a pattern again and again takes time in proportion to the text. It does not where the matcher, at each
 * match, may have to read on to the text's end to know that there is no longer one: `a.*b|a`, `x(.*y)?`. So nothing
 * without end stands between alternatives, nor in a part that is itself repeated or may be missing.
 */
export function isLinearSearch(pattern: string): boolean {
  return !measured(pattern).looksFar
}
