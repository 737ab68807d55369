import { type Position, positionFrom, shownPosition } from "../../../domain/position.ts"

/** A PostgreSQL position is a log sequence number as the server prints it: `16/B374D848`. */
export function positionOfLsn(lsn: bigint): Position {
  return positionFrom(
    `${(lsn >> 32n).toString(16).toUpperCase()}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`,
  )
}

/** `undefined`: not a log sequence number. */
export function parseLsn(text: string): Position | undefined {
  const parts = lsnPattern.exec(text)
  if (parts === null) return undefined
  return positionOfLsn((BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`))
}

const lsnPattern = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/

/** Throws on text that is no log sequence number. */
export function lsnOf(position: Position): bigint {
  const parts = lsnPattern.exec(shownPosition(position))
  if (parts === null) throw new Error(`not a log sequence number: ${position}`)
  return (BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`)
}

export function comparePositions(a: Position, b: Position): number {
  const difference = lsnOf(a) - lsnOf(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** Which server, and which of its histories. */
export interface ServerIdentity {
  system: string
  timeline: number
}

/** A transaction that came to us, told from any other. */
export interface Witness {
  commitLsn: bigint
  xid: number
  /** Microseconds of the source's clock. */
  committedAt: bigint
}

/** What a position knows of where it comes from; see timeline-check.ts. */
export interface Origin extends ServerIdentity {
  /** The log position after the last commit that came to us; if none came since the snapshot, the snapshot's position. */
  base: bigint
  /** That commit. */
  witness: Witness | undefined
}

/** `16/B374D848@7391…:1:16/B374D848:16/B374D810:745:812…`: system, timeline, base, and the witness's three. */
export function withOrigin(lsn: bigint, { system, timeline, base, witness }: Origin): Position {
  const fields: (string | number | bigint)[] = [system, timeline, positionOfLsn(base)]
  if (witness !== undefined) fields.push(positionOfLsn(witness.commitLsn), witness.xid, witness.committedAt)
  return positionFrom(`${positionOfLsn(lsn)}@${fields.join(":")}`)
}

/** `undefined`: one without, as earlier versions wrote them. */
export function originOf(position: Position): Origin | undefined {
  const [system, timeline, base, commitLsn, xid, committedAt] = position.split("@")[1]?.split(":") ?? []
  if (system === undefined || timeline === undefined || base === undefined) return undefined
  const witness =
    commitLsn === undefined || xid === undefined || committedAt === undefined
      ? undefined
      : { commitLsn: lsnOf(positionFrom(commitLsn)), xid: Number(xid), committedAt: BigInt(committedAt) }
  return { system, timeline: Number(timeline), base: lsnOf(positionFrom(base)), witness }
}
