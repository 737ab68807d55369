import type { TaggedGtid } from "../stream/tagged-gtid.ts"
import { uint32, uint64 } from "../types/numbers.ts"
import { type EventMark, fileNumber, type LogNote } from "./log-note.ts"
import { addGtid, fileWeight, type Place } from "./position.ts"

/** Follows how far the log has been read, transaction by transaction. */
export interface LogPlace {
  /** Behind the last whole transaction. */
  readonly place: Place
  /** Of that place in the server's files. */
  readonly weight: number
  /** Which log that was; `undefined`: not known yet. */
  readonly note: LogNote | undefined
  /** A transaction begins; it counts only when it ends. */
  mariadbGtid(bytes: Buffer, start: number, server: number): void
  mysqlGtid(bytes: Buffer, start: number): void
  taggedGtid(gtid: TaggedGtid): void
  rotated(file: string, offset: number): void
  /** What comes now is of a file that was created then. */
  described(createdAtSeconds: number): void
  /** An event that tells the file being read from another one of its name. */
  marked(mark: EventMark): void
  /** Such an event of that file is known. */
  readonly isMarked: boolean
  /** Between transactions: all before this offset of the file has been read. */
  passed(offset: number): void
  /** The server has sent all that the file has before this offset. */
  idle(file: string, offset: number): void
  /** The transaction ends at this offset of the file. */
  ended(offset: number): void
}

/** What a server says of itself that notes hold. */
export interface LogServer {
  name: string
  /** How many statements RESET it had run when its log was last seen to be the one that is read. */
  resets: number
}

/** `noted`: the note that `from` came with. */
export function newLogPlace(from: Place, server: LogServer, noted: LogNote | undefined): LogPlace {
  const place = structuredClone(from)
  let note = noted?.server === server.name ? noted : undefined
  /** The file being read. */
  let file = ""
  let createdAtSeconds = 0
  /** Of that file. */
  let mark: EventMark | undefined
  let weight = place.kind === "file" ? fileWeight(place) : 0
  /** The transaction at hand. */
  let originServer = 0
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
      originServer = from
    },
    mysqlGtid(bytes, start) {
      origin = originText(bytes, start + 1)
      sequence = uint64(bytes, start + 17)
    },
    taggedGtid(gtid) {
      origin = gtid.origin
      sequence = gtid.sequence
    },
    get note() {
      return note
    },
    rotated(name, offset) {
      file = name
      createdAtSeconds = 0
      mark = undefined
      weight = fileWeight({ file, offset })
      if (place.kind !== "file") return
      place.file = name
      place.offset = offset
    },
    described(atSeconds) {
      createdAtSeconds = atSeconds
      // Only ahead: a server that looks for our place goes through older files.
      if (note === undefined || fileNumber(file) > fileNumber(note.file)) take(4)
    },
    get isMarked() {
      return mark !== undefined
    },
    marked(event) {
      mark = event
    },
    passed,
    idle(name, offset) {
      if (name === file) passed(offset)
    },
    ended(offset) {
      if (offset > 0) take(offset)
      weight = fileWeight({ file, offset })
      if (place.kind === "file") place.offset = offset
      else if (sequence > 0) count()
      sequence = 0
    },
  }

  function passed(offset: number): void {
    weight = Math.max(weight, fileWeight({ file, offset }))
    if (note?.file === file && offset > note.offset) take(offset)
  }

  function take(offset: number): void {
    if (file === "" || createdAtSeconds === 0) return
    if (note?.file === file && note.createdAtSeconds === createdAtSeconds) {
      note.offset = offset
      note.mark ??= mark
    } else note = { server: server.name, file, offset, createdAtSeconds, resets: server.resets, mark }
  }

  function count(): void {
    if (place.kind === "mariadb") place.domains.set(domain, { server: originServer, sequence })
    else if (place.kind === "mysql" && origin !== undefined) addGtid(place.origins, origin, sequence)
  }
}

function originText(bytes: Buffer, start: number): string {
  const digits = bytes.toString("hex", start, start + 16)
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
