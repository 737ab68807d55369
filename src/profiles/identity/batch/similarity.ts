/** Longer texts are compared by their beginnings: names are short, and the work grows with the square. */
const longest = 100

/** How much two texts are alike, from 0 to 1: 1 less the edits (insert, delete, replace a letter) from one to the other for each letter. */
export function similarity(a: string, b: string): number {
  const [from, to] = [[...a].slice(0, longest), [...b].slice(0, longest)]
  const letters = Math.max(from.length, to.length)
  return letters === 0 ? 1 : 1 - edits(from, to) / letters
}

/** Levenshtein's distance. */
function edits(from: readonly string[], to: readonly string[]): number {
  let above = to.map((_, at) => at + 1)
  from.forEach((letter, row) => {
    let corner = row
    let left = row + 1
    above = above.map((up, column) => {
      left = Math.min(left + 1, up + 1, corner + Number(letter !== to[column]))
      corner = up
      return left
    })
  })
  return to.length === 0 ? from.length : (above.at(-1) ?? 0)
}
