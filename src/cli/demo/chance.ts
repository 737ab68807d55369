/** A whole number from 1 to `most`. */
export function upTo(most: number): number {
  return 1 + Math.floor(Math.random() * most)
}

/** One of them, each as often as its weight says. */
export function drawn<T extends { weight: number }>(all: readonly T[]): T {
  let draw = Math.random() * all.reduce((sum, { weight }) => sum + weight, 0)
  const found = all.find(({ weight }) => {
    draw -= weight
    return draw < 0
  })
  const one = found ?? all.at(-1)
  if (one === undefined) throw new Error("there is nothing to draw from")
  return one
}
