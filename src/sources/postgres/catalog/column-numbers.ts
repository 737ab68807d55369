import type { Described } from "../stream/relation.ts"
import type { PgTable } from "./catalog.ts"

/** More columns than this of which it is not sure whether they were there then: too many ways to try. */
const maxUncertain = 8
const textOids = new Set([25, 1042, 1043])

/**
 * The attribute numbers of the columns that a description names, from what the table was before and what the catalog
 * has, perhaps later, made of it. Numbers are given out in order and never again, a column that is gone stays gone, and
 * descriptions name columns in the order of their numbers: so there are few ways in which it can have come about.
 * `undefined`: more than one, or none.
 */
export function columnNumbers(known: PgTable, described: Described, current: PgTable): number[] | undefined {
  const live = new Set(current.columns.map(({ number }) => number))
  const before = new Set(known.columns.map(({ number }) => number))
  const isOdd = current.columns.some(({ number }) => number <= known.attributes && !before.has(number))
  if (isOdd || current.attributes < known.attributes) return undefined
  const added = numbersBetween(known.attributes, current.attributes)
  const ways = new Map<string, number[]>()
  for (let count = 0; count <= added.length; count++) {
    const there = [...before, ...added.slice(0, count)]
    const certain = there.filter((number) => live.has(number))
    const uncertain = there.filter((number) => !live.has(number))
    const left = described.columns.length - certain.length
    if (left < 0 || left > uncertain.length) continue
    if (uncertain.length > maxUncertain) return undefined
    for (const some of subsets(uncertain, left)) {
      const way = [...certain, ...some].sort((a, b) => a - b)
      if (fits(way, known, described, current)) ways.set(way.join(), way)
    }
  }
  const [only, another] = ways.values()
  return another === undefined ? only : undefined
}

function numbersBetween(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + 1 + index)
}

function subsets(numbers: readonly number[], size: number): number[][] {
  if (size === 0) return [[]]
  return numbers.flatMap((number, index) =>
    subsets(numbers.slice(index + 1), size - 1).map((rest) => [number, ...rest]),
  )
}

function fits(way: readonly number[], known: PgTable, described: Described, current: PgTable): boolean {
  return way.every((number, index) => {
    const types = [known, current].flatMap(({ columns }) =>
      columns.flatMap((column) => (column.number === number ? [column.typeOid] : [])),
    )
    const wanted = described.columns[index]?.typeOid ?? 0
    // Nothing is known of a column that came and went.
    return types.length === 0 || types.some((type) => isKin(type, wanted))
  })
}

/** Types that change into one another without the rows being written anew. */
function isKin(a: number, b: number): boolean {
  return a === b || (textOids.has(a) && textOids.has(b))
}
