import type { MysqlProduct } from "../../../support/mysql/products.ts"
import type { Random } from "../../random.ts"
import { randomDocument } from "./random-json.ts"

/** A column type and how to write values of it as SQL. */
export interface RandomType {
  type: string
  value(random: Random): string
}

const integer = (bits: number, unsigned: boolean): RandomType["value"] => {
  const [low, high] = unsigned
    ? [0n, 2n ** BigInt(bits) - 1n]
    : [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]
  return (random) => {
    if (random.chance(0.3)) return String(random.pick([low, high, 0n, low + 1n, high - 1n]))
    const span = random.below(bits) + 1
    const size = BigInt(random.below(2 ** 26)) * 2n ** 26n + BigInt(random.below(2 ** 26))
    const value = size % 2n ** BigInt(Math.min(span, bits - 1))
    return String(unsigned || random.chance(0.5) ? value : -value)
  }
}

const digits = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.below(10)).join("")

const decimal = (precision: number, scale: number): RandomType["value"] => {
  return (random) => {
    const whole = digits(random, random.chance(0.3) ? precision - scale : random.below(precision - scale + 1))
    const behind = digits(random, random.chance(0.3) ? scale : random.below(scale + 1))
    return `${random.chance(0.4) ? "-" : ""}${whole || "0"}${behind === "" ? "" : `.${behind}`}`
  }
}

const two = (value: number) => String(value).padStart(2, "0")
const date = (random: Random) => {
  const year = random.pick([
    1,
    999,
    1000,
    1582,
    1900,
    1969,
    1970,
    2000,
    2024,
    2038,
    9999,
    1 + random.below(9999),
  ])
  return `${String(year).padStart(4, "0")}-${two(1 + random.below(12))}-${two(1 + random.below(28))}`
}
const clock = (random: Random, fraction: number) =>
  `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}${fraction === 0 ? "" : `.${digits(random, fraction)}`}`

const hex = (random: Random, length: number) =>
  `X'${Array.from({ length }, () => random.pick(["00", "20", "ff", "41", random.below(256).toString(16).padStart(2, "0")])).join("")}'`

/** As bytes, so that no character set of the connection has a say. */
const literal = (text: string) => (text === "" ? "''" : `_utf8mb4 X'${Buffer.from(text).toString("hex")}'`)

const text =
  (alphabet: readonly string[], most: number): RandomType["value"] =>
  (random) =>
    literal(Array.from({ length: random.below(most + 1) }, () => random.pick(alphabet)).join(""))

const ascii = ["a", "B", " ", "0", "'", '"', "\\", "\n", "\t", "\0", ";", "~", ":"]
const latin = [...ascii, "é", "€", "ÿ", "ß"]
const everyPlane = [...latin, "ж", "漢", "😀", "\u{10ffff}", "e\u0301"]
const basicPlane = [...latin, "ж", "漢", "\uffee"]

const labels = ["", "a", "it''s", "x,y", "new\\nline", "b\\\\c", "ü", "long label"]
const quotedLabels = ["''", "'a'", "'it''s'", "'ü'", "'long label'", "'B'"]

const json: RandomType["value"] = (random) => {
  const deep = (depth: number): unknown =>
    depth === 0 || random.chance(0.4)
      ? random.pick([null, true, -1, 1.5, "x'y\\\"", "😀", 12345678901234])
      : random.chance(0.5)
        ? Array.from({ length: random.below(4) }, () => deep(depth - 1))
        : Object.fromEntries(Array.from({ length: random.below(4) }, (_, i) => [`k ${i}`, deep(depth - 1)]))
  return literal(JSON.stringify(deep(3), null, random.pick([0, 1])))
}

const many = (count: number) => Array.from({ length: count }, (_, i) => `'v${i}'`).join(",")

const commonTypes: readonly RandomType[] = [
  ...[
    ["tinyint", 8],
    ["smallint", 16],
    ["mediumint", 24],
    ["int", 32],
    ["bigint", 64],
  ].flatMap(([name, bits]) => [
    { type: `${name}`, value: integer(Number(bits), false) },
    { type: `${name} unsigned`, value: integer(Number(bits), true) },
  ]),
  { type: "tinyint(1)", value: (random) => String(random.below(2)) },
  { type: "bigint(20) unsigned zerofill", value: integer(64, true) },
  { type: "decimal(12,3) zerofill", value: (random) => `${random.below(10 ** 9)}.${digits(random, 3)}` },
  {
    type: "decimal(45,3) unsigned zerofill",
    value: (random) => `${digits(random, 40)}.${digits(random, 3)}`,
  },
  { type: "double zerofill", value: (random) => `${random.below(2 ** 30) / 7}` },
  ...[
    [1, 0],
    [5, 2],
    [9, 9],
    [10, 0],
    [15, 4],
    [16, 5],
    [18, 9],
    [19, 1],
    [38, 10],
    [38, 30],
    [39, 2],
    [65, 30],
    [65, 0],
  ].map(([precision = 0, scale = 0]) => ({
    type: `decimal(${precision},${scale})`,
    value: decimal(precision, scale),
  })),
  {
    type: "float",
    value: (random) =>
      random.chance(0.3)
        ? random.pick(["0", "-0e0", "3.4028234e38", "-1.1754944e-38", "1e-40", "0.1", "16777217"])
        : `${(random.below(2 ** 30) - 2 ** 29) / 2 ** random.below(40)}`,
  },
  {
    type: "double",
    value: (random) =>
      random.chance(0.3)
        ? random.pick([
            "0",
            "-0e0",
            "1.7976931348623157e308",
            "-2.2250738585072014e-308",
            "0.1",
            "2.98023223876953125e-8",
          ])
        : `${(random.below(2 ** 30) * 2 ** 20 + random.below(2 ** 20)) / 2 ** random.below(60)}`,
  },
  { type: "date", value: (random) => `'${date(random)}'` },
  ...[0, 1, 3, 6].flatMap((fraction) => [
    {
      type: `datetime(${fraction})`,
      value: (random: Random) => `'${date(random)} ${clock(random, fraction)}'`,
    },
    {
      type: `timestamp(${fraction}) null`,
      value: (random: Random) =>
        `'${random.pick(["1970-01-02", "2001-09-09", "2024-02-29", "2038-01-18"])} ${clock(random, fraction)}'`,
    },
    {
      type: `time(${fraction})`,
      value: (random: Random) =>
        random.chance(0.3)
          ? random.pick(["'838:59:59'", "'-838:59:59'", "'00:00:00'", "'-00:00:01'", "'24:00:00'"])
          : `'${random.chance(0.5) ? "-" : ""}${two(random.below(838))}:${clock(random, fraction).slice(3)}'`,
    },
  ]),
  { type: "year", value: (random) => random.pick(["1901", "2155", "0", "2024"]) },
  { type: "char(10)", value: text(everyPlane, 10) },
  { type: "char(255)", value: text(everyPlane, 20) },
  { type: "varchar(20)", value: text(everyPlane, 20) },
  { type: "varchar(500)", value: text(everyPlane, 300) },
  { type: "varchar(20) character set latin1", value: text(latin, 20) },
  { type: "char(20) character set latin1", value: text(latin, 20) },
  { type: "varchar(20) character set cp1251", value: text([...ascii, "ж", "Я"], 20) },
  { type: "varchar(20) character set ascii", value: text(ascii, 20) },
  { type: "varchar(20) character set utf8mb3", value: text(basicPlane, 20) },
  { type: "varchar(20) character set utf16", value: text(everyPlane, 20) },
  { type: "varchar(20) character set ucs2", value: text(basicPlane, 20) },
  { type: "varchar(20) character set utf16le", value: text(everyPlane, 20) },
  { type: "text character set utf32", value: text(everyPlane, 50) },
  { type: "varchar(20) collate utf8mb4_bin", value: text(everyPlane, 20) },
  { type: "tinytext", value: text(everyPlane, 40) },
  { type: "text", value: text(everyPlane, 100) },
  { type: "mediumtext", value: text(everyPlane, 500) },
  { type: "longtext", value: text(everyPlane, 100) },
  { type: "binary(6)", value: (random) => hex(random, random.below(7)) },
  { type: "binary(255)", value: (random) => hex(random, random.below(20)) },
  { type: "varbinary(30)", value: (random) => hex(random, random.below(31)) },
  { type: "varbinary(400)", value: (random) => hex(random, random.below(400)) },
  { type: "tinyblob", value: (random) => hex(random, random.below(50)) },
  { type: "blob", value: (random) => hex(random, random.below(300)) },
  { type: "mediumblob", value: (random) => hex(random, random.below(50)) },
  { type: "longblob", value: (random) => hex(random, random.below(50)) },
  { type: "bit(1)", value: (random) => `b'${random.below(2)}'` },
  { type: "bit(12)", value: (random) => `b'${random.below(4096).toString(2)}'` },
  { type: "bit(64)", value: (random) => hex(random, 8) },
  {
    type: `enum(${labels.map((label) => `'${label}'`).join(",")})`,
    value: (random) => String(1 + random.below(labels.length)),
  },
  { type: `enum(${many(300)})`, value: (random) => String(1 + random.below(300)) },
  { type: "enum('é','b') character set latin1", value: (random) => String(1 + random.below(2)) },
  { type: `set(${quotedLabels.slice(1).join(",")})`, value: (random) => String(random.below(32)) },
  { type: `set(${many(40)})`, value: (random) => String(random.below(2 ** 26)) },
  {
    type: "geometry",
    value: (random) => random.pick(["POINT(1.5, -2)", "ST_GeomFromText('LINESTRING(0 0,1 1)', 4326)"]),
  },
  { type: "point", value: (random) => `POINT(${random.below(100)}, ${random.below(100)})` },
]

const mariaDbTypes: readonly RandomType[] = [
  { type: "decimal(38,38)", value: decimal(38, 38) },
  { type: "json", value: json },
  {
    type: "uuid",
    value: (random) => {
      const part = (length: number) => Array.from({ length }, () => random.below(16).toString(16)).join("")
      return `'${part(8)}-${part(4)}-${random.pick(["1", "4", "6", "7"])}${part(3)}-${random.pick(["8", "a", "b"])}${part(3)}-${random.pick([part(12), "000000000000"])}'`
    },
  },
  {
    type: "inet4",
    value: (random) => `'${random.pick(["10.1.2.3", "0.0.0.0", "255.255.255.255", "1.2.0.0"])}'`,
  },
  {
    type: "inet6",
    value: (random) => {
      const word = () => random.pick(["0", "0", "ffff", "1", random.below(65536).toString(16)])
      return `'${random.pick(["::", "::1", "::1.2.3.4", "::ffff:1.2.3.4", Array.from({ length: 8 }, word).join(":")])}'`
    },
  },
]

const mysqlTypes: readonly RandomType[] = [
  { type: "json", value: randomDocument },
  { type: "json not null", value: (random) => (random.chance(0.3) ? "'null'" : randomDocument(random)) },
  {
    type: "vector(3)",
    value: (random) => `TO_VECTOR('[${random.below(9)}, -1.5, ${random.below(100) / 7}]')`,
  },
  { type: "int(7) zerofill", value: (random) => String(random.below(2 ** 31)) },
]

/** Every column type that this product has and that can be carried. */
export function randomTypesOf({ name }: MysqlProduct): readonly RandomType[] {
  switch (name) {
    case "MariaDB":
      return [...commonTypes, ...mariaDbTypes]
    case "MySQL":
      return [...commonTypes, ...mysqlTypes]
  }
}
