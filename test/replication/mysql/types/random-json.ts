import type { Random } from "../../random.ts"

const digits = (random: Random, most: number) =>
  Array.from({ length: 1 + random.below(most) }, () => random.below(10)).join("")
const two = (value: number) => String(value).padStart(2, "0")
const date = (random: Random) =>
  `${String(random.below(10_000)).padStart(4, "0")}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`
const clock = (random: Random) =>
  `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}.${digits(random, 6)}`

const alphabet = ["a", "B", " ", "'", '"', "\\", "\n", "\t", "\b", "\f", "\r", "\0", "\u001f", "\u007f"]
const wideAlphabet = [...alphabet, "/", "é", "\u2028", "漢", "😀", "\u{10ffff}"]

function text(random: Random, most: number): string {
  const characters = Array.from({ length: random.below(most + 1) }, () => random.pick(wideAlphabet))
  return `_utf8mb4 X'${Buffer.from(characters.join("")).toString("hex")}'`
}

function double(random: Random): string {
  if (random.chance(0.3))
    return random.pick([
      "0e0",
      "-0e0",
      "1e0",
      "5e-324",
      "1.7976931348623157e308",
      "1e15",
      "1e16",
      "-1e-14",
      "1e-15",
      "9007199254740993e0",
    ])
  const bits = Buffer.from(Array.from({ length: 8 }, () => random.below(256)))
  const value = random.chance(0.5)
    ? bits.readDoubleLE(0)
    : (random.below(2 ** 30) - 2 ** 29) / 10 ** random.below(20)
  return Number.isFinite(value) ? value.toExponential() : "1.5e0"
}

const integers = [
  0n,
  1n,
  -1n,
  2n ** 15n,
  -(2n ** 15n),
  2n ** 16n,
  2n ** 31n,
  2n ** 32n,
  -(2n ** 31n),
  2n ** 63n - 1n,
]

/** Expressions for every kind of scalar that the server's binary form knows. */
const scalars: ((random: Random) => string)[] = [
  () => "NULL",
  (random) => random.pick(["CAST('true' AS JSON)", "CAST('false' AS JSON)"]),
  (random) => String(random.pick(integers) + BigInt(random.below(3) - 1)),
  (random) => random.pick(["-9223372036854775808", "18446744073709551615", "9223372036854775808"]),
  double,
  (random) => `${random.chance(0.5) ? "-" : ""}${digits(random, 30)}.${digits(random, 20)}`,
  (random) => text(random, 12),
  (random) => text(random, 200),
  (random) => `DATE'${date(random)}'`,
  (random) => `TIMESTAMP'${date(random)} ${clock(random)}'`,
  (random) => `TIME'${random.pick(["", "-"])}${random.below(838)}:${clock(random).slice(3)}'`,
  (random) => `CAST(FROM_UNIXTIME(${random.below(2 ** 31)}.${digits(random, 6)}) AS DATETIME(6))`,
  (random) => `X'${"0aff".repeat(random.below(60))}'`,
  (random) => `b'${random.below(2 ** 20).toString(2)}'`,
  (random) => `POINT(${random.below(90)}, ${random.below(90)})`,
]

/** An SQL expression that gives a JSON document: with members of every kind, nested, in both sizes of the binary form. */
export function randomJson(random: Random, depth = 3): string {
  if (random.chance(0.05)) return random.pick(["JSON_ARRAY()", "JSON_OBJECT()"])
  const isLarge = random.chance(0.04)
  const count = random.below(isLarge ? 40 : 6)
  const members = Array.from({ length: count }, () =>
    depth === 0 || random.chance(0.6) ? random.pick(scalars)(random) : randomJson(random, depth - 1),
  )
  // More than 64 KiB, so that the numbers in the form are wide.
  if (isLarge) members.push(`REPEAT(${text(random, 3)}, 40000)`)
  if (random.chance(0.5)) return `JSON_ARRAY(${members.join(", ")})`
  const keys = members.map((_, index) =>
    random.pick([`'${index}'`, `'k${"x".repeat(random.below(4))}${index}'`, text(random, 6)]),
  )
  return `JSON_OBJECT(${members.map((member, index) => `${keys[index]}, ${member}`).join(", ")})`
}

/** A document as it is written into a JSON column: also scalars alone, and the JSON literal null. */
export function randomDocument(random: Random): string {
  if (random.chance(0.3)) return `JSON_EXTRACT(JSON_ARRAY(${random.pick(scalars)(random)}), '$[0]')`
  return randomJson(random)
}
