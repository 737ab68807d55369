import type { Random } from "../random.ts"

export interface RandomType {
  sql: string
  /** Text forms; each is quoted and cast. */
  edges: readonly string[]
  random?: (random: Random) => string
  /** May be part of a primary key. */
  isKey?: boolean
  /** The first version of PostgreSQL that knows these edges. */
  since?: number
  /** Only where the server was built with libxml. */
  isXml?: boolean
}

export const digits = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.below(10)).join("")
export const signed = (random: Random, count: number) =>
  `${random.chance(0.5) ? "-" : ""}${digits(random, 1 + random.below(count))}`
export const instant = (random: Random) =>
  `${String(1 + random.below(9999)).padStart(4, "0")}-${1 + random.below(12)}-${1 + random.below(28)} ${random.below(24)}:${random.below(60)}:${random.below(60)}.${digits(random, 6)}`
const letters = [
  "a",
  "Z",
  " ",
  "'",
  '"',
  "\\",
  "{",
  "}",
  ",",
  ";",
  "\n",
  "\t",
  "ä",
  "ß",
  "日",
  "🚰",
  "\u0001",
  "\u007f",
  "NULL",
  "|",
  "%",
  "$",
]
export const words = (random: Random) =>
  Array.from({ length: random.below(12) }, () => random.pick(letters)).join("")
export const floats = (random: Random) =>
  `${signed(random, 17)}e${random.below(2) ? "-" : ""}${random.below(20)}`
export const hex = (random: Random, bytes: number) =>
  Array.from({ length: bytes }, () => random.below(256).toString(16).padStart(2, "0")).join("")
