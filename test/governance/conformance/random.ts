/** Draws that are the same for the same seed. */
export interface Draw {
  /** A whole number from 0 to below the limit. */
  below(limit: number): number
  one<T>(of: readonly T[]): T
  some<T>(of: readonly T[], most: number): T[]
  /** True in one of so many draws. */
  oneIn(many: number): boolean
}

export function newDraw(seed: number): Draw {
  let state = seed >>> 0
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit
  }
  const one = <T>(of: readonly T[]): T => of[below(of.length)] as T
  return {
    below,
    one,
    some: (of, most) => Array.from({ length: below(most + 1) }, () => one(of)),
    oneIn: (many) => below(many) === 0,
  }
}
