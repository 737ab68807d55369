import { randomBytes } from "node:crypto"
import {
  type ChangeTuples,
  fieldEnd,
  findTuples,
  isDeletion,
  isPartial,
  putTogether,
  sequenceOf,
  takeApart,
} from "./change-tuples.ts"

/** The net change of each key of a part, in the order of the last changes. */
export interface NetRows {
  readonly tuples: ChangeTuples
  /** By row: 0 where a later row of its key, or another run, has taken its place. */
  readonly kinds: Uint8Array
  /** Rows completed from earlier ones of their key, by row; tuples of their own. */
  readonly completed: ReadonlyMap<number, ChangeTuples>
}

export const passed = 0
export const deleted = 1
export const whole = 2
export const partial = 3

/** Rows whose sequence numbers are from `first` to `last`. */
export interface Span {
  first: number
  last: number
}

// Keys are what users write: which of them collide must not be known beforehand.
const seed = randomBytes(4).readInt32LE()

/** Works out the net change of each key. */
export function netRows(tuples: ChangeTuples, span: Span): NetRows {
  const kinds = new Uint8Array(tuples.rows)
  const completed = new Map<number, ChangeTuples>()
  const slots = new Int32Array(slotsFor(tuples.rows)).fill(-1)
  for (let row = 0; row < tuples.rows; row++) {
    if (!isWithin(tuples, row, span)) continue
    const slot = slotOf(tuples, slots, row)
    const before = slots[slot] as number
    slots[slot] = row
    kinds[row] = kindOf(tuples, row)
    if (before < 0) continue
    if (kinds[row] === partial && kinds[before] !== deleted)
      complete({ tuples, kinds, completed }, before, row)
    kinds[before] = passed
  }
  return { tuples, kinds, completed }
}

export function isWithin(tuples: ChangeTuples, row: number, { first, last }: Span): boolean {
  const sequence = sequenceOf(tuples, row)
  return sequence >= first && sequence <= last
}

function kindOf(tuples: ChangeTuples, row: number): number {
  if (isDeletion(tuples, row)) return deleted
  return isPartial(tuples, row) ? partial : whole
}

/** Gives the row what it left unsent and the row before it of the same key has. */
function complete(
  {
    tuples,
    kinds,
    completed,
  }: { tuples: ChangeTuples; kinds: Uint8Array; completed: Map<number, ChangeTuples> },
  before: number,
  row: number,
): void {
  const { layout } = tuples
  const earlier = completed.get(before)
  const older = takeApart(earlier?.bytes ?? tupleOf(tuples, before), layout)
  const newer = takeApart(tupleOf(tuples, row), layout)
  const fields = newer.fields.map((field, column) =>
    newer.unsent[column] ? (older.fields[column] as Buffer) : field,
  )
  const unsent = newer.unsent.map((isUnsent, column) => isUnsent && older.unsent[column] === true)
  const tuple = putTogether({ fields, unsent }, sequenceOf(tuples, row))
  completed.delete(before)
  completed.set(row, findTuples(tuple, 1, layout))
  kinds[row] = unsent.includes(true) ? partial : whole
}

function tupleOf({ bytes, starts }: ChangeTuples, row: number): Buffer {
  return bytes.subarray(starts[row], starts[row + 1])
}

/** A power of two, at least twice as many as there are rows. */
function slotsFor(rows: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(rows, 1) * 2))
}

/** The slot with the row's key, or the free one where it belongs. */
function slotOf(tuples: ChangeTuples, slots: Int32Array, row: number): number {
  const mask = slots.length - 1
  let slot = hashOf(tuples, row) & mask
  while ((slots[slot] as number) >= 0 && !isSameKey(tuples, slots[slot] as number, row))
    slot = (slot + 1) & mask
  return slot
}

/** FNV-1a over the key's fields, its bits mixed once more for the mask. */
function hashOf({ bytes, view, keys, layout: { key } }: ChangeTuples, row: number): number {
  let hash = seed
  for (let place = 0; place < key.length; place++) {
    const at = keys[row * key.length + place] as number
    const end = fieldEnd(view, at)
    for (let i = at; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193)
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
  return hash ^ (hash >>> 13)
}

function isSameKey(
  { bytes, view, keys, layout: { key } }: ChangeTuples,
  one: number,
  other: number,
): boolean {
  for (let place = 0; place < key.length; place++) {
    const a = keys[one * key.length + place] as number
    const b = keys[other * key.length + place] as number
    const length = fieldEnd(view, a) - a
    if (fieldEnd(view, b) - b !== length) return false
    for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false
  }
  return true
}
