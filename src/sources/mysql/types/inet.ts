import { type ColumnBuffer, putText } from "../../../replication/values/columns.ts"

/** An address as the server prints it; the log leaves out zero bytes at its end. */
export function putInet4(column: ColumnBuffer, from: Buffer, start: number, end: number): void {
  const bytes = padded(from, start, end, 4)
  putText(column, bytes.join("."))
}

export function putInet6(column: ColumnBuffer, from: Buffer, start: number, end: number): void {
  putText(column, inet6Text(padded(from, start, end, 16)))
}

function padded(from: Buffer, start: number, end: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  from.copy(bytes, 0, start, end)
  return bytes
}

function inet6Text(bytes: Buffer): string {
  const words = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2))
  const gap = longestZeroes(words)
  // Addresses that hold one of version 4 (::1.2.3.4, ::ffff:1.2.3.4) end in its form.
  const holdsInet4 = gap.start === 0 && (gap.length === 6 || (gap.length === 5 && words[5] === 0xffff))
  const shown = words.slice(0, holdsInet4 ? 6 : 8).map((word) => word.toString(16))
  const tail = holdsInet4 ? [[...bytes.subarray(12)].join(".")] : []
  if (gap.length === 0) return [...shown, ...tail].join(":")
  const before = shown.slice(0, gap.start).join(":")
  const after = [...shown.slice(gap.start + gap.length), ...tail].join(":")
  return `${before}::${after}`
}

function longestZeroes(words: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 0 }
  for (let start = 0; start < words.length; start++) {
    let length = 0
    while (words[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}
