import { type Position, positionFrom } from "../../domain/position.ts"

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
  const parts = lsnPattern.exec(position)
  if (parts === null) throw new Error(`not a log sequence number: ${position}`)
  return (BigInt(`0x${parts[1]}`) << 32n) | BigInt(`0x${parts[2]}`)
}

export function comparePositions(a: Position, b: Position): number {
  const difference = lsnOf(a) - lsnOf(b)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
