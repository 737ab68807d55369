import { Problem } from "../../../domain/problems.ts"

/** What a Gtid_tagged_log_event says of the transaction that it begins. */
export interface TaggedGtid {
  /** `uuid:tag` */
  origin: string
  sequence: number
  /** The server's own time of the commit; `undefined`: it does not say. */
  committedAtMicros: number | undefined
}

/** Fields of the event by number, as the server's `mysql/binlog/event/control_events.h` defines them. */
const fields = { flags: 0, uuid: 1, sequence: 2, tag: 3, immediateCommit: 6 } as const
const uuidBytes = 16

/** Reads the server's message form: version, size, the last field that must be known, then numbered fields in order. */
export function readTaggedGtid(bytes: Buffer, start: number, end: number): TaggedGtid {
  const cursor = { at: start, end }
  const next = () => readVariable(bytes, cursor)
  for (let i = 0; i < 3; i++) next()
  let uuid = ""
  let tag = ""
  let sequence = 0
  let committedAtMicros: number | undefined
  while (cursor.at < end) {
    const field = next()
    if (field === fields.uuid)
      for (let i = 0; i < uuidBytes; i++) uuid += next().toString(16).padStart(2, "0")
    else if (field === fields.tag) {
      const length = next()
      tag = bytes.toString("latin1", cursor.at, cursor.at + length)
      cursor.at += length
    } else {
      const value = next()
      // Its numbers with a sign have it in the lowest bit.
      if (field === fields.sequence) sequence = Math.floor(value / 2)
      else if (field === fields.immediateCommit) {
        committedAtMicros = value
        break
      }
    }
  }
  return { origin: originText(uuid, tag), sequence, committedAtMicros }
}

function originText(digits: string, tag: string): string {
  const uuid = digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
  return tag === "" ? uuid : `${uuid}:${tag}`
}

/**
 * A number of 1 to 9 bytes, the lowest first: as many bytes follow the first as that has ones at its lower end, and these
 * ones and the zero above them are not part of the number. Exact up to 2^53.
 */
function readVariable(bytes: Buffer, cursor: { at: number; end: number }): number {
  const first = bytes[cursor.at] ?? 0
  let more = 0
  while (more < 8 && ((first >> more) & 1) === 1) more++
  if (cursor.at + more >= cursor.end)
    throw new Problem("sourceProtocol", "The source's log holds a tagged GTID that is not whole.")
  let value = first >> (more + 1)
  let weight = 2 ** Math.max(0, 7 - more)
  for (let i = 1; i <= more; i++, weight *= 256) value += (bytes[cursor.at + i] as number) * weight
  cursor.at += more + 1
  return value
}

/** A length below 64 in that form. */
export function shortLength(length: number): number {
  return length * 2
}
