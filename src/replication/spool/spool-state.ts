import type { AtRest } from "./sealing.ts"
import type { Segment } from "./segment.ts"

/** What reader and writer share. */
export interface SpoolState {
  readonly folder: string
  readonly limitBytes: number
  readonly segmentBytes: number
  readonly atRest: AtRest | undefined
  /** In order, and without a gap. */
  segments: Segment[]
  nextNumber: number
  isFull: boolean
  hasWriter: boolean
}

export function bytesOf({ segments }: SpoolState): number {
  return segments.reduce((sum, segment) => sum + segment.bytes, 0)
}
