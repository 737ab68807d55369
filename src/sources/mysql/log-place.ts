import { addGtid, type Place, weightOf } from "./position.ts"

/** Follows how far the log has been read, transaction by transaction. */
export interface LogPlace {
  /** Behind the last whole transaction. */
  readonly place: Place
  readonly weight: number
  /** A transaction begins; it counts only when it ends. */
  mariadbGtid(bytes: Buffer, start: number, server: number): void
  mysqlGtid(bytes: Buffer, start: number): void
  rotated(file: string, offset: number): void
  /** The transaction ends at this offset of the file. */
  ended(offset: number): void
}

export function newLogPlace(from: Place): LogPlace {
  const place = structuredClone(from)
  let weight = weightOf(place)
  let count: () => void = () => undefined
  return {
    place,
    get weight() {
      return weight
    },
    mariadbGtid(bytes, start, server) {
      const sequence = Number(bytes.readBigUInt64LE(start))
      const domain = bytes.readUInt32LE(start + 8)
      count = () => {
        if (place.kind !== "mariadb") return
        weight += sequence - (place.domains.get(domain)?.sequence ?? 0)
        place.domains.set(domain, { server, sequence })
      }
    },
    mysqlGtid(bytes, start) {
      const origin = originText(bytes, start + 1)
      const number = Number(bytes.readBigUInt64LE(start + 17))
      count = () => {
        if (place.kind !== "mysql") return
        weight++
        addGtid(place.origins, origin, number)
      }
    },
    rotated(file, offset) {
      if (place.kind !== "file") return
      place.file = file
      place.offset = offset
      weight = weightOf(place)
    },
    ended(offset) {
      count()
      count = () => undefined
      if (place.kind !== "file") return
      place.offset = offset
      weight = weightOf(place)
    },
  }
}

function originText(bytes: Buffer, start: number): string {
  const digits = bytes.toString("hex", start, start + 16)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
