/** How far transaction `a` is ahead of `b`. Their numbers are told in 32 bits and go round. */
export function xidDistance(a: number, b: number): number {
  return (a - b) | 0
}
