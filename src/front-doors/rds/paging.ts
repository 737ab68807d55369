import { createHash, timingSafeEqual } from "node:crypto"
import { Fault } from "../../domain/faults.ts"

const pageSize = { least: 20, most: 100, default: 100 }
const checkBytes = 12

/** The page size asked for. Throws Fault invalidValue outside 20 to 100. */
export function pageLimit(maxRecords: number | undefined): number {
  if (maxRecords === undefined) return pageSize.default
  if (maxRecords >= pageSize.least && maxRecords <= pageSize.most) return maxRecords
  const range = `between ${pageSize.least} and ${pageSize.most}`
  throw new Fault("invalidValue", `Invalid value ${maxRecords} for MaxRecords. Must be ${range}`)
}

/**
 * A place as an opaque marker. The check tells a marker of ours from a foreign or damaged one; it keeps no secret, for
 * a marker grants nothing: whoever sends it may list integrations anyway.
 */
export function toMarker(place: string): string {
  const content = Buffer.from(place)
  return Buffer.concat([checkOf(content), content]).toString("base64url")
}

/** Throws Fault invalidValue for what `toMarker` did not make. */
export function fromMarker(marker: string): string {
  const bytes = Buffer.from(marker, "base64url")
  const content = bytes.subarray(checkBytes)
  // Decoding is lenient; a marker is ours only in the very spelling that we gave out.
  const ours = bytes.length > checkBytes && bytes.toString("base64url") === marker
  if (!ours || !timingSafeEqual(bytes.subarray(0, checkBytes), checkOf(content))) {
    throw new Fault(
      "invalidValue",
      "The Marker is not valid: use the one that the page before gave, unchanged.",
    )
  }
  return content.toString()
}

function checkOf(content: Buffer): Buffer {
  return createHash("sha256")
    .update("rds/DescribeIntegrations/1\n")
    .update(content)
    .digest()
    .subarray(0, checkBytes)
}
