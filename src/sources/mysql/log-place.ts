import { uint32, uint64 } from "./numbers.ts"
import { addGtid, type Place, weightOf } from "./position.ts"
import type { TaggedGtid } from "./tagged-gtid.ts"

/** Follows how far the log has been read, transaction by transaction. */
export interface LogPlace {
  /** Behind the last whole transaction. */
  readonly place: Place
  readonly weight: number
  /** A transaction begins; it counts only when it ends. */
  mariadbGtid(bytes: Buffer, start: number, server: number): void
  mysqlGtid(bytes: Buffer, start: number): void
  taggedGtid(gtid: TaggedGtid): void
  rotated(file: string, offset: number): void
  /** The transaction ends at this offset of the file. */
  ended(offset: number): void
}

export function newLogPlace(from: Place): LogPlace {
  const place = structuredClone(from)
  let weight = weightOf(place)
  /** The transaction at hand. */
  let server = 0
  let domain = 0
  let sequence = 0
  let origin: string | undefined
  return {
    place,
    get weight() {
      return weight
    },
    mariadbGtid(bytes, start, from) {
      sequence = uint64(bytes, start)
      domain = uint32(bytes, start + 8)
      server = from
    },
    mysqlGtid(bytes, start) {
      origin = originText(bytes, start + 1)
      sequence = uint64(bytes, start + 17)
    },
    taggedGtid(gtid) {
      origin = gtid.origin
      sequence = gtid.sequence
    },
    rotated(file, offset) {
      if (place.kind !== "file") return
      place.file = file
      place.offset = offset
      weight = weightOf(place)
    },
    ended(offset) {
      if (place.kind === "file") {
        place.offset = offset
        weight = weightOf(place)
      } else if (sequence > 0) count()
      sequence = 0
    },
  }

  function count(): void {
    if (place.kind === "mariadb") {
      weight += sequence - (place.domains.get(domain)?.sequence ?? 0)
      place.domains.set(domain, { server, sequence })
    } else if (place.kind === "mysql" && origin !== undefined) {
      weight++
      addGtid(place.origins, origin, sequence)
    }
  }
}

function originText(bytes: Buffer, start: number): string {
  const digits = bytes.toString("hex", start, start + 16)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
