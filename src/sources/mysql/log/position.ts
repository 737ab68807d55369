import { type Position, positionFrom } from "../../../domain/position.ts"
import { fileNumber, type LogNote, noteOf, textOfNote } from "./log-note.ts"

/**
 * How far one has come in a server's binary log. Where there are GTIDs, what has been seen of each origin: that holds on
 * every server that has the same transactions. Else the file and the place in it, which hold on one server only.
 */
export type Place =
  | { kind: "mariadb"; domains: Map<number, { server: number; sequence: number }> }
  /** Origins are `uuid` or `uuid:tag`. */
  | { kind: "mysql"; origins: Map<string, Interval[]> }
  | { kind: "file"; file: string; offset: number }

/** Both ends belong to it. */
export type Interval = [first: number, last: number]

const mariadbGtid = /^(\d{1,10})-(\d{1,10})-(\d{1,16})$/
const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const intervalPattern = /^(\d{1,16})(?:-(\d{1,16}))?$/
/** From MySQL 8.3 on an origin's transactions may carry a tag, each tag with numbers of its own. */
const tagPattern = /^[a-z_][a-z0-9_]{0,31}$/
const fileAndOffset = /^([^\s:/]{1,200}\.\d{1,10}):(\d{1,16})$/
/** A server that has written nothing yet. */
const nothingOfMariadb = "0-0-0"
const nothingOfMysql = "none"

/** As the server prints it, or as `positionOf` writes it. `undefined`: no such thing. */
export function parsePlace(text: string): Place | undefined {
  if (text === nothingOfMysql) return { kind: "mysql", origins: new Map() }
  const file = fileAndOffset.exec(text)
  if (file?.[1] !== undefined) return { kind: "file", file: file[1], offset: Number(file[2]) }
  const parts = text.split(",").map((part) => part.trim())
  return mariadbPlace(parts) ?? mysqlPlace(parts)
}

function mariadbPlace(parts: string[]): Place | undefined {
  const domains = new Map<number, { server: number; sequence: number }>()
  for (const part of parts) {
    const found = mariadbGtid.exec(part)
    if (found === null) return undefined
    if (found[3] !== "0")
      domains.set(Number(found[1]), { server: Number(found[2]), sequence: Number(found[3]) })
  }
  return { kind: "mariadb", domains }
}

/** Each part is `uuid:1-5:9`, or with tags `uuid:1-5:tag:1-3:other:7`. */
function mysqlPlace(parts: string[]): Place | undefined {
  const origins = new Map<string, Interval[]>()
  for (const part of parts) {
    const [uuid = "", ...words] = part.toLowerCase().split(":")
    if (!uuidPattern.test(uuid) || words.length === 0) return undefined
    let origin = uuid
    for (const [index, word] of words.entries()) {
      const interval = intervalPattern.exec(word)
      if (interval !== null) {
        const first = Number(interval[1])
        addInterval(origins, origin, [first, Number(interval[2] ?? first)])
      } else if (tagPattern.test(word) && index < words.length - 1) origin = `${uuid}:${word}`
      else return undefined
    }
  }
  return { kind: "mysql", origins }
}

function addInterval(origins: Map<string, Interval[]>, origin: string, interval: Interval): void {
  const intervals = origins.get(origin)
  if (intervals === undefined) origins.set(origin, [interval])
  else intervals.push(interval)
}

/** What MariaDB prints for a state, which may be empty. */
export function placeOfMariadb(state: string): Place {
  const place = parsePlace(state === "" ? nothingOfMariadb : state)
  if (place?.kind !== "mariadb") throw new Error(`not a GTID state: ${state}`)
  return place
}

export function placeOfMysql(gtids: string): Place {
  const text = gtids.replaceAll("\n", "")
  const place = parsePlace(text === "" ? nothingOfMysql : text)
  if (place?.kind !== "mysql") throw new Error("not a set of GTIDs")
  return place
}

export function placeOf(position: Position): Place {
  const at = position.indexOf("@")
  const place = parsePlace(at === -1 ? position : position.slice(0, at))
  if (place === undefined) throw new Error(`not a place in a binary log: ${position}`)
  return place
}

export function positionOf(place: Place, note?: LogNote): Position {
  return positionFrom(note === undefined ? textOf(place) : textOf(place) + textOfNote(note))
}

function textOf(place: Place): string {
  switch (place.kind) {
    case "mariadb":
      return gtidState(place) || nothingOfMariadb
    case "mysql":
      return gtidSet(place) || nothingOfMysql
    case "file":
      return `${place.file}:${place.offset}`
  }
}

export function gtidState({ domains }: Extract<Place, { kind: "mariadb" }>): string {
  let text = ""
  for (const [domain, { server, sequence }] of domains)
    text += `${text === "" ? "" : ","}${domain}-${server}-${sequence}`
  return text
}

export function gtidSet({ origins }: Extract<Place, { kind: "mysql" }>): string {
  return [...origins]
    .map(
      ([origin, intervals]) => `${origin}:${intervals.map(([first, last]) => `${first}-${last}`).join(":")}`,
    )
    .join(",")
}

/**
 * A number that grows along a server's log: places of one log are in the order of their weights. (Of GTIDs, how many
 * lie behind: a log only ever adds to them.)
 */
export function weightOf(place: Place): number {
  switch (place.kind) {
    case "mariadb":
      return [...place.domains.values()].reduce((sum, { sequence }) => sum + sequence, 0)
    case "mysql":
      return [...place.origins.values()].flat().reduce((sum, [first, last]) => sum + last - first + 1, 0)
    case "file":
      return fileWeight(place)
  }
}

/**
 * On one server the log's files tell the order. GTIDs do not always: a set can hold some that never are in the log
 * (gtid_purged set by hand), domains can be deleted, and sequence numbers of MariaDB can go back.
 */
export function comparePositions(a: Position, b: Position): number {
  const [one, other] = [placeOf(a), placeOf(b)]
  if (textOf(one) === textOf(other)) return 0
  const [here, there] = [noteOf(a), noteOf(b)]
  if (here !== undefined && here.server === there?.server) return fileWeight(here) - fileWeight(there)
  if (one.kind === other.kind) return weightOf(one) - weightOf(other)
  const [first, second] = [filePlace(a, one), filePlace(b, other)]
  if (first === undefined || second === undefined) throw new Error(`places of different kinds: ${a} and ${b}`)
  return fileWeight(first) - fileWeight(second)
}

/** Where GTIDs were turned on or off meanwhile, the files are what both count. */
function filePlace(position: Position, place: Place): { file: string; offset: number } | undefined {
  return place.kind === "file" ? place : noteOf(position)
}

/** A number for a place in a server's log that only grows as the log does, until the log is reset. */
export function fileWeight({ file, offset }: { file: string; offset: number }): number {
  return fileNumber(file) * 2 ** 33 + offset
}

/**
 * Whether every transaction before place `b` is also before place `a`. Places may be of different servers; false
 * where they have no GTIDs to compare.
 */
export function includes(a: Place, b: Place): boolean {
  if (a.kind !== "mariadb" || b.kind !== "mariadb") return false
  return [...b.domains].every(([domain, { sequence }]) => (a.domains.get(domain)?.sequence ?? 0) >= sequence)
}

/** Takes one more transaction of an origin into a set. */
export function addGtid(origins: Map<string, Interval[]>, origin: string, number: number): void {
  const intervals = origins.get(origin)
  if (intervals === undefined) return void origins.set(origin, [[number, number]])
  const last = intervals.at(-1)
  if (last !== undefined && last[1] + 1 === number) {
    last[1] = number
    return
  }
  if (intervals.some(([first, end]) => number >= first && number <= end)) return
  intervals.push([number, number])
  intervals.sort(([a], [b]) => a - b)
  for (let i = intervals.length - 1; i > 0; i--) {
    const [before, after] = [intervals[i - 1] as Interval, intervals[i] as Interval]
    if (before[1] + 1 !== after[0]) continue
    before[1] = after[1]
    intervals.splice(i, 1)
  }
}
