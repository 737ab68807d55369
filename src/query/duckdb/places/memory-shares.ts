/** One statement as memory is shared out between two looks. */
export interface Sharer {
  /** How long it was inside the engine since the last look, in milliseconds. */
  insideMs: number
  /** How long it was inside before that, in milliseconds. */
  ageMs: number
  /** What it was charged lately, in bytes per millisecond inside. */
  ratePerMs: number
}

/** From this age on statements count as equally well known: a hoarder that is old is not hidden by new ones. */
const knownAtMs = 1_000
/** So that a statement of no age does not take all. */
const atLeastMs = 100

/**
 * Whose growth this is, in bytes for each sharer; the sum is `growth`. The engine does not say, so each goes on as it
 * did, and what that does not explain is rather a new statement's than that of one which has long been inside without
 * growing. Memory that is given back is shared by time inside.
 */
export function sharesOf(sharers: readonly Sharer[], growth: number): number[] {
  const times = sharers.map(({ insideMs }) => insideMs)
  if (growth <= 0) return inProportion(times, growth)
  const expected = sharers.map(({ insideMs, ratePerMs }) => insideMs * Math.max(0, ratePerMs))
  const explained = sum(expected)
  if (explained >= growth) return inProportion(expected, growth)
  const weights = sharers.map(({ insideMs, ageMs }) => insideMs / (atLeastMs + Math.min(ageMs, knownAtMs)))
  const rest = inProportion(weights, growth - explained)
  return expected.map((bytes, at) => bytes + (rest[at] ?? 0))
}

/** The rate after a look: half of what was, half of what is. */
export function nextRate({ insideMs, ratePerMs }: Sharer, bytes: number): number {
  return insideMs === 0 ? ratePerMs : (ratePerMs + bytes / insideMs) / 2
}

function inProportion(weights: readonly number[], amount: number): number[] {
  const all = sum(weights)
  return weights.map((weight) => (all === 0 ? 0 : (amount * weight) / all))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
