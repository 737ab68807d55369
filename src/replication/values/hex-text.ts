import { reserve } from "./columns.ts"
import type { Decoder } from "./number-text.ts"

const zero = 0x30
const minus = 0x2d

/** As printed, with or without its hyphens. */
export const uuid: Decoder = (column, from, start, end) => {
  reserve(column, 16)
  let at = column.usedBytes
  for (let i = start; i < end; ) {
    if (from[i] === minus) i++
    else {
      column.bytes[at++] = hexByte(from, i)
      i += 2
    }
  }
  column.usedBytes = at
}

/** What two hexadecimal digits say. */
export function hexByte(from: Buffer, at: number): number {
  return (nibble(from[at] as number) << 4) | nibble(from[at + 1] as number)
}

function nibble(character: number): number {
  return character <= 0x39 ? character - zero : (character | 0x20) - 0x57
}
