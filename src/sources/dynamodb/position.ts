import { type Position, positionFrom } from "../../domain/position.ts"

/** How far one shard has been read. */
export type ShardPlace =
  | { kind: "after"; sequenceNumber: string }
  /** No record of it has been seen: everything created before is of no interest. By our clock, in ms. */
  | { kind: "since"; ms: number }
  | { kind: "end" }

/**
 * A place in a table's stream. DynamoDB orders records within a shard only, so a place says how far each shard has been
 * read; `tick` orders places. It follows our clock in µs (a round of reads that found nothing new has everything that
 * was written before it began) and grows by at least one with every page of records.
 */
export interface Place {
  tick: number
  streamArn: string
  /** The warehouse's copy of the table belongs to this place; without, a copy has yet to be made. */
  isCopied: boolean
  shards: Map<string, ShardPlace>
}

interface Note {
  stream: string
  copied: boolean
  shards: Record<string, string>
}

/** `<tick>@<the rest as JSON>`: people see what is before the @. */
export function positionOf({ tick, streamArn, isCopied, shards }: Place): Position {
  const written = Object.fromEntries([...shards].map(([id, place]) => [id, writeShard(place)]))
  const note: Note = { stream: streamArn, copied: isCopied, shards: written }
  return positionFrom(`${tick}@${JSON.stringify(note)}`)
}

export function placeOf(position: Position): Place {
  const at = position.indexOf("@")
  const note = JSON.parse(position.slice(at + 1)) as Note
  return {
    tick: tickOf(position),
    streamArn: note.stream,
    isCopied: note.copied,
    shards: new Map(Object.entries(note.shards).map(([id, written]) => [id, readShard(written)])),
  }
}

function writeShard(place: ShardPlace): string {
  switch (place.kind) {
    case "after":
      return place.sequenceNumber
    case "since":
      return `since ${place.ms}`
    case "end":
      return "end"
  }
}

function readShard(written: string): ShardPlace {
  if (written === "end") return { kind: "end" }
  if (written.startsWith("since ")) return { kind: "since", ms: Number(written.slice("since ".length)) }
  return { kind: "after", sequenceNumber: written }
}

function tickOf(position: Position): number {
  return Number.parseInt(position, 10)
}

export function tickAt(ms: number): number {
  return Math.floor(ms * 1000)
}

/** A place that only says when: to be compared with, not to be read from. */
export function momentOf(tick: number): Position {
  return positionFrom(String(tick))
}

export function comparePositions(a: Position, b: Position): number {
  return tickOf(a) - tickOf(b)
}

export function parseTick(text: string): Position | undefined {
  return /^[0-9]{1,16}$/.test(text) ? positionFrom(text) : undefined
}
