import { createHash } from "node:crypto"
import { type Client, quoteLiteral, type RawConnection } from "../../client.ts"
import { gtidState, type Interval, type Place } from "../../log/position.ts"
import { shortLength } from "../tagged-gtid.ts"

const comBinlogDump = 0x12
const comBinlogDumpGtid = 0x1e
const firstEventOffset = 4
const taggedForm = 1

/** The server ends the dump when it has sent all that there is. */
const nonBlocking = 1

/**
 * Says what we understand, before a dump. Whoever comes with the same names takes the stream over from us: the server
 * ends the older connection. Returns whether events carry checksums.
 */
export async function introduce(
  client: Client,
  handle: string,
  place: Place,
  heartbeatMs: number,
): Promise<boolean> {
  const [checksum] = await client.query("SELECT @@global.binlog_checksum AS kind")
  const [nanoseconds, uuid] = [heartbeatMs * 1_000_000, quoteLiteral(uuidOf(handle))]
  const kind = quoteLiteral(checksum?.kind ?? "NONE")
  const settings = [
    `@master_heartbeat_period = ${nanoseconds}, @source_heartbeat_period = ${nanoseconds}`,
    `@master_binlog_checksum = ${kind}, @source_binlog_checksum = ${kind}`,
    `@slave_uuid = ${uuid}, @replica_uuid = ${uuid}`,
  ]
  if (place.kind === "mariadb")
    settings.push(
      // 4: understands GTID events. Strict: a server that lacks our last transaction, but has others of its number or
      // above, is another history.
      "@mariadb_slave_capability = 4, @slave_gtid_strict_mode = 1, @slave_gtid_ignore_duplicates = 0",
      `@slave_connect_state = ${quoteLiteral(gtidState(place))}`,
    )
  await client.query(`SET ${settings.join(", ")}`)
  return checksum?.kind === "CRC32"
}

/** Asks for the log from a place on. `atEnd`: whether the server then waits for more, or ends the dump. */
export function dump(
  { send }: RawConnection,
  place: Place,
  handle: string,
  atEnd: "wait" | "end" = "wait",
): void {
  const [serverId, flags] = [serverIdOf(handle), atEnd === "end" ? nonBlocking : 0]
  switch (place.kind) {
    case "mariadb":
      return send(comBinlogDump, dumpBody(serverId, flags, "", firstEventOffset))
    case "file":
      return send(comBinlogDump, dumpBody(serverId, flags, place.file, place.offset))
    case "mysql":
      return send(comBinlogDumpGtid, gtidDumpBody(serverId, flags, place.origins))
  }
}

function dumpBody(serverId: number, flags: number, file: string, offset: number): Buffer {
  const fixed = Buffer.alloc(10)
  fixed.writeUInt32LE(offset, 0)
  fixed.writeUInt16LE(flags, 4)
  fixed.writeUInt32LE(serverId, 6)
  return Buffer.concat([fixed, Buffer.from(file)])
}

function gtidDumpBody(serverId: number, flags: number, origins: ReadonlyMap<string, Interval[]>): Buffer {
  const number = (value: number) => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64LE(BigInt(value))
    return bytes
  }
  // Servers before 8.3 know only the form without tags.
  const isTagged = [...origins.keys()].some((origin) => origin.includes(":"))
  const parts = [isTagged ? taggedCount(origins.size) : number(origins.size)]
  for (const [origin, intervals] of origins) {
    const [uuid = "", tag = ""] = origin.split(":")
    parts.push(Buffer.from(uuid.replaceAll("-", ""), "hex"))
    if (isTagged) parts.push(Buffer.from([shortLength(tag.length)]), Buffer.from(tag, "latin1"))
    parts.push(number(intervals.length))
    // Both ends of an interval, the second exclusive here.
    for (const [first, last] of intervals) parts.push(number(first), number(last + 1))
  }
  const data = Buffer.concat(parts)
  const fixed = Buffer.alloc(22)
  // 4: the places of GTIDs follow.
  fixed.writeUInt16LE(flags | 4, 0)
  fixed.writeUInt32LE(serverId, 2)
  fixed.writeUInt32LE(firstEventOffset, 10)
  fixed.writeUInt32LE(data.length, 18)
  return Buffer.concat([fixed, data])
}

/** The number of origins in 6 bytes, between two that say in which form they follow. */
function taggedCount(origins: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes[0] = taggedForm
  bytes.writeUIntLE(origins, 1, 6)
  bytes[7] = taggedForm
  return bytes
}

function digestOf(handle: string): Buffer {
  return createHash("sha256").update(handle).digest()
}

/** In the upper half, where nobody numbers servers by hand. */
function serverIdOf(handle: string): number {
  return (digestOf(handle).readUInt32LE(0) | 0x80000000) >>> 0
}

function uuidOf(handle: string): string {
  return digestOf(handle)
    .toString("hex", 0, 16)
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
