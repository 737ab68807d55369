import { createHash, timingSafeEqual } from "node:crypto"
import { Fault } from "../domain/faults.ts"

/** Which operation pages, and how many records one page may have. */
export interface Paging {
  /** Part of each marker's check: a marker of another operation is a foreign one. */
  operation: string
  least: number
  most: number
  /** Where none is asked for. */
  usual: number
}

/** The page sizes of nearly every operation. */
export function pagingOf(operation: string): Paging {
  return { operation, least: 20, most: 100, usual: 100 }
}

const checkBytes = 12

/** The page size asked for. Throws Fault invalidValue outside the operation's limits. */
export function pageLimit({ least, most, usual }: Paging, maxRecords: number | undefined): number {
  if (maxRecords === undefined) return usual
  if (maxRecords >= least && maxRecords <= most) return maxRecords
  throw new Fault(
    "invalidValue",
    `Invalid value ${maxRecords} for MaxRecords. Must be between ${least} and ${most}`,
  )
}

/**
 * A place as an opaque marker. The check tells a marker of ours from a foreign or damaged one; it keeps no secret, for
 * a marker grants nothing: whoever sends it may list the same things anyway.
 */
export function toMarker({ operation }: Paging, place: string): string {
  const content = Buffer.from(place)
  return Buffer.concat([checkOf(operation, content), content]).toString("base64url")
}

/** Throws Fault invalidValue for what `toMarker` did not make for this operation. */
export function fromMarker({ operation }: Paging, marker: string): string {
  const bytes = Buffer.from(marker, "base64url")
  const content = bytes.subarray(checkBytes)
  // Decoding is lenient; a marker is ours only in the very spelling that we gave out.
  const ours = bytes.length > checkBytes && bytes.toString("base64url") === marker
  if (!ours || !timingSafeEqual(bytes.subarray(0, checkBytes), checkOf(operation, content))) {
    throw new Fault(
      "invalidValue",
      "The Marker is not valid: use the one that the page before gave, unchanged.",
    )
  }
  return content.toString()
}

function checkOf(operation: string, content: Buffer): Buffer {
  return createHash("sha256").update(`${operation}/1\n`).update(content).digest().subarray(0, checkBytes)
}

/** One page of what is at hand as a whole, in the order of its keys; the marker is the last key given out. */
export function pageOf<T>(
  paging: Paging,
  items: readonly T[],
  keyOf: (item: T) => string,
  asked: { MaxRecords?: number | undefined; Marker?: string | undefined },
): { items: T[]; marker: string | undefined } {
  const limit = pageLimit(paging, asked.MaxRecords)
  const after = asked.Marker === undefined ? undefined : fromMarker(paging, asked.Marker)
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1))
  const page = rest.slice(0, limit)
  const last = page.at(-1)
  const marker = rest.length > limit && last !== undefined ? toMarker(paging, last.key) : undefined
  return { items: page.map(({ item }) => item), marker }
}
