/** Random tables over every type, random rows with edge values, random edits; all from one seed. */
export interface Random {
  /** 0 to `below` - 1. */
  below(below: number): number
  pick<T>(from: readonly T[]): T
  chance(share: number): boolean
}

/** mulberry32: small, and the same everywhere. */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    below,
    pick: (from) => from[below(from.length)] as (typeof from)[number],
    chance: (share) => next() < share,
  }
}

export interface RandomType {
  sql: string
  /** Text forms; each is quoted and cast. */
  edges: readonly string[]
  random?: (random: Random) => string
  /** May be part of a primary key. */
  isKey?: boolean
}

const digits = (random: Random, count: number) =>
  Array.from({ length: count }, () => random.below(10)).join("")
const signed = (random: Random, count: number) =>
  `${random.chance(0.5) ? "-" : ""}${digits(random, 1 + random.below(count))}`
const instant = (random: Random) =>
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
const words = (random: Random) =>
  Array.from({ length: random.below(12) }, () => random.pick(letters)).join("")
const floats = (random: Random) => `${signed(random, 17)}e${random.below(2) ? "-" : ""}${random.below(20)}`
const hex = (random: Random, bytes: number) =>
  Array.from({ length: bytes }, () => random.below(256).toString(16).padStart(2, "0")).join("")

/** Created before the tables. `xml` is left out: the embedded server has no libxml. */
export const ownTypes = [
  "CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy', '')",
  "CREATE TYPE pair AS (a int, b text)",
  "CREATE DOMAIN small_price AS numeric(6,2) CHECK (VALUE > -5000)",
  "CREATE DOMAIN tiny_price AS small_price",
  "CREATE DOMAIN tags AS text[]",
  "CREATE DOMAIN moment AS timestamptz",
]

export const types: readonly RandomType[] = [
  { sql: "boolean", edges: ["t", "f"], isKey: true },
  { sql: "smallint", edges: ["-32768", "32767", "0", "-1", "255", "256"], isKey: true },
  {
    sql: "integer",
    edges: ["-2147483648", "2147483647", "0", "-1"],
    random: (random) => signed(random, 9),
    isKey: true,
  },
  {
    sql: "bigint",
    edges: [
      "-9223372036854775808",
      "9223372036854775807",
      "0",
      "9007199254740993",
      "-9007199254740993",
      "999999999999999",
      "1000000000000000",
    ],
    random: (random) => signed(random, 18),
    isKey: true,
  },
  {
    sql: "real",
    edges: [
      "NaN",
      "Infinity",
      "-Infinity",
      "-0",
      "0",
      "1.17549435e-38",
      "1e-45",
      "3.4028235e38",
      "0.1",
      "16777217",
    ],
    random: (random) => `${signed(random, 8)}e${random.below(30) - 10}`,
  },
  {
    sql: "double precision",
    edges: [
      "NaN",
      "Infinity",
      "-Infinity",
      "-0",
      "0",
      "5e-324",
      "2.2250738585072014e-308",
      "1.7976931348623157e308",
      "0.1",
    ],
    random: floats,
    isKey: true,
  },
  {
    sql: "numeric(38,0)",
    edges: [
      "99999999999999999999999999999999999999",
      "-99999999999999999999999999999999999999",
      "0",
      "10000",
    ],
    random: (random) => signed(random, 38),
    isKey: true,
  },
  {
    sql: "numeric(38,38)",
    edges: [`0.${"9".repeat(38)}`, `-0.${"0".repeat(37)}1`, "0"],
    random: (random) => `${random.chance(0.5) ? "-" : ""}0.${digits(random, 38)}`,
  },
  {
    sql: "numeric(18,4)",
    edges: ["99999999999999.9999", "-99999999999999.9999", "0.0001", "-0.0001", "10000", "1"],
    random: (random) => `${signed(random, 14)}.${digits(random, 4)}`,
    isKey: true,
  },
  {
    sql: "numeric(19,3)",
    edges: ["9999999999999999.999", "-0.001", "0"],
    random: (random) => `${signed(random, 16)}.${digits(random, 3)}`,
  },
  { sql: "numeric(5,5)", edges: ["0.00001", "-0.99999", "0"], random: (random) => `0.${digits(random, 5)}` },
  { sql: "numeric(3,0)", edges: ["999", "-999", "0", "100"] },
  {
    sql: "numeric(9,2)",
    edges: ["9999999.99", "-0.01", "0.10"],
    random: (random) => `${signed(random, 7)}.${digits(random, 2)}`,
  },
  {
    sql: "numeric",
    edges: ["NaN", "Infinity", "-Infinity", "0", "0.000", `1${"0".repeat(300)}`, `0.${"0".repeat(300)}1`],
    random: (random) => `${signed(random, 40)}.${digits(random, 30)}`,
    isKey: true,
  },
  { sql: "numeric(50,10)", edges: ["NaN", `${"9".repeat(40)}.5`, "0"] },
  { sql: "money", edges: ["-92233720368547758.08", "92233720368547758.07", "0", "-0.01", "1234.56"] },
  {
    sql: "text",
    edges: [
      "",
      " ",
      "NULL",
      "null",
      "\\N",
      "\u{10ffff}",
      "e\u0301",
      "x".repeat(47),
      "x".repeat(48),
      "y".repeat(3000),
    ],
    random: words,
    isKey: true,
  },
  { sql: "varchar(200)", edges: ["", "  padded  "], random: words, isKey: true },
  { sql: "char(5)", edges: ["", "a", "abcde", " a"], isKey: true },
  { sql: '"char"', edges: ["", "a", "\\377", "\\"] },
  { sql: "name", edges: ["", "n".repeat(63)] },
  {
    sql: "bytea",
    edges: [
      "\\x",
      `\\x${Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString("hex")}`,
      "\\x00",
    ],
    random: (random) => `\\x${hex(random, random.below(40))}`,
    isKey: true,
  },
  {
    sql: "date",
    edges: [
      "infinity",
      "-infinity",
      "4713-01-01 BC",
      "0001-12-31 BC",
      "0001-01-01",
      "1582-10-10",
      "1969-12-31",
      "1970-01-01",
      "2000-02-29",
      "1900-03-01",
      "9999-12-31",
      "10000-01-01",
      "5874897-12-31",
    ],
    random: (random) => instant(random).split(" ")[0] ?? "",
    isKey: true,
  },
  {
    sql: "timestamp",
    edges: [
      "infinity",
      "-infinity",
      "4713-01-01 00:00:00 BC",
      "0044-03-15 12:00:00.000001 BC",
      "1969-12-31 23:59:59.999999",
      "1970-01-01",
      "2254-12-31 23:59:59.999999",
      "2260-06-01 00:00:00.000001",
      "1730-01-01 00:00:00.000001",
      "9999-12-31 23:59:59.999999",
      "294246-12-31 23:59:59.999999",
    ],
    random: instant,
    isKey: true,
  },
  {
    sql: "timestamptz",
    edges: [
      "infinity",
      "-infinity",
      "4713-01-02 00:00:00+00 BC",
      "1969-12-31 23:59:59.999999+00",
      "2262-04-11 23:47:16.854777+00",
      "294246-12-31 23:59:59.999999+00",
      "2024-03-31 02:30:00+02",
    ],
    random: instant,
    isKey: true,
  },
  { sql: "timestamp(0)", edges: ["2024-02-29 23:59:59.5"] },
  { sql: "time", edges: ["00:00:00", "24:00:00", "23:59:59.999999"] },
  { sql: "timetz", edges: ["00:00:00+15:59", "24:00:00-15:59", "12:34:56.789-00:30"] },
  {
    sql: "interval",
    edges: [
      "0",
      "1 year -2 mons +3 days -04:05:06.789",
      "-178000000 years",
      "1 day",
      "24 hours",
      "00:00:00.000001",
    ],
  },
  { sql: "interval day to second(3)", edges: ["1 02:03:04.567"] },
  {
    sql: "uuid",
    edges: [
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11",
    ],
    random: (random) => hex(random, 16),
    isKey: true,
  },
  {
    sql: "json",
    edges: [
      '{"a" :  1, "a": 2}',
      "null",
      '"\\u0000"',
      "[ ]",
      "1e400",
      "123456789012345678901234567890",
      '"\\ud83d\\udeb0"',
    ],
  },
  {
    sql: "jsonb",
    edges: [
      "null",
      '""',
      "{}",
      "[]",
      "123456789012345678901234567890.00100",
      "-0",
      "1e300",
      '{"b": 1, "a": {"c": [1, null, "x\\ny"]}}',
      '"🚰"',
    ],
    isKey: true,
  },
  { sql: "jsonpath", edges: ['$."a"[*] ? (@ > 1)'] },
  { sql: "oid", edges: ["0", "4294967295", "2147483648"], isKey: true },
  { sql: "xid", edges: ["0", "4294967295"] },
  { sql: "cid", edges: ["0", "4294967295"] },
  { sql: "xid8", edges: ["0", "18446744073709551615", "9223372036854775808"] },
  { sql: "pg_lsn", edges: ["0/0", "FFFFFFFF/FFFFFFFF"] },
  { sql: "tid", edges: ["(0,1)"] },
  {
    sql: "inet",
    edges: ["192.168.1.1", "192.168.1.1/24", "::1", "::ffff:1.2.3.4/128", "0.0.0.0/0"],
    isKey: true,
  },
  { sql: "cidr", edges: ["10.0.0.0/8", "::/0", "192.168.1.1/32"] },
  { sql: "macaddr", edges: ["08:00:2b:01:02:03"] },
  { sql: "macaddr8", edges: ["08:00:2b:01:02:03:04:05"] },
  { sql: "bit(8)", edges: ["00000000", "10101010"] },
  { sql: "bit varying(10)", edges: ["", "1", "0000000001"] },
  { sql: "point", edges: ["(0,0)", "(-0,NaN)", "(Infinity,1e-300)"] },
  { sql: "box", edges: ["(1,1),(0,0)"] },
  { sql: "polygon", edges: ["((0,0),(1,1),(2,0))"] },
  { sql: "circle", edges: ["<(0,0),1>"] },
  { sql: "tsvector", edges: ["", "'a':1A 'cat':2,3"] },
  { sql: "tsquery", edges: ["'a' & !'b'"] },
  { sql: "int4range", edges: ["empty", "(,)", "[1,5)", "(,5)"] },
  { sql: "numrange", edges: ["[1.10,2.20]", "(,)"] },
  { sql: "tstzrange", edges: ['["2024-01-01 00:00:00+00",infinity)'] },
  { sql: "int4multirange", edges: ["{}", "{[1,3),[5,7)}"] },
  { sql: "regclass", edges: ["pg_class", "0"] },
  { sql: "mood", edges: ["sad", "ok", "very happy", ""], isKey: true },
  { sql: "pair", edges: ["(,)", "(1,x)", '(-1,"a ""quoted"", \\\\ one")', '(,"")'] },
  { sql: "small_price", edges: ["9999.99", "-4999.99", "0"] },
  { sql: "tiny_price", edges: ["0.01", "-0.01"] },
  { sql: "moment", edges: ["infinity", "2024-01-01 00:00:00+00"] },
  { sql: "tags", edges: ["{}", '{a,"b c",NULL,"NULL",""}'] },
  {
    sql: "integer[]",
    edges: ["{}", "{1,NULL,-2147483648}", "{{1,2},{3,4}}", "[0:1]={5,6}", "[-1:0][2:3]={{1,2},{3,4}}"],
  },
  { sql: "bigint[]", edges: ["{9223372036854775807,-9223372036854775808}"] },
  { sql: "double precision[]", edges: ["{NaN,Infinity,-Infinity,-0,1e300,0.1}"] },
  { sql: "numeric(10,2)[]", edges: ["{1.50,NaN,NULL}"] },
  { sql: "numeric[]", edges: ["{NaN,Infinity,0.10,1e30}"] },
  { sql: "boolean[]", edges: ["{t,f,NULL}", "{{t},{f}}"] },
  {
    sql: "text[]",
    edges: [
      "{}",
      '{a,"",NULL,"NULL","null"," ","\\"","\\\\","a,b","{x}","new\nline","🚰"}',
      "{{a,b},{c,NULL}}",
    ],
    random: (random) =>
      `{${Array.from({ length: random.below(5) }, () => `"${words(random).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`).join(",")}}`,
  },
  { sql: "json[]", edges: ['{"{\\"a\\": [1, 2]}",1,NULL,"null","\\"text, with comma\\""}'] },
  { sql: "jsonb[]", edges: ['{"{\\"a\\": 1}",NULL,"[]"}'] },
  { sql: "timestamptz[]", edges: ['{"2024-01-01 00:00:00+00",infinity,NULL}'] },
  { sql: "date[]", edges: ['{2024-01-01,-infinity,"0044-03-15 BC"}'] },
  { sql: "uuid[]", edges: ["{00000000-0000-0000-0000-000000000000}"] },
  { sql: "bytea[]", edges: ['{"\\\\x00ff","\\\\x"}'] },
  { sql: "inet[]", edges: ["{192.168.1.1,::1/64}"] },
  { sql: "box[]", edges: ["{(1,1),(0,0);(2,2),(1,1)}"] },
  { sql: "mood[]", edges: ['{sad,"very happy",""}'] },
  { sql: "pair[]", edges: ['{"(1,x)","(,)"}'] },
  { sql: "small_price[]", edges: ["{1.00,NULL}"] },
  { sql: "int2vector", edges: ["", "1 2 3"] },
  { sql: "oidvector", edges: ["4294967295 0"] },
]

export interface RandomTable {
  name: string
  columns: { name: string; type: RandomType }[]
  /** How many of the columns, from the first, are the key; 0: none, told by all columns. */
  keyColumns: number
}

export function randomTable(random: Random, name: string): RandomTable {
  const keys = types.filter((type) => type.isKey)
  const keyColumns = random.below(4)
  const chosen = [
    ...Array.from({ length: keyColumns }, () => random.pick(keys)),
    ...Array.from({ length: 2 + random.below(10) }, () => random.pick(types)),
  ]
  return { name, keyColumns, columns: chosen.map((type, index) => ({ name: `c${index}`, type })) }
}

/** A table of every type, with a number as its key. */
export function tableOfAllTypes(name: string): RandomTable {
  const number: RandomType = { sql: "integer", edges: ["1"], random: (random) => digits(random, 8) }
  return {
    name,
    keyColumns: 1,
    columns: [number, ...types].map((type, index) => ({ name: `c${index}`, type })),
  }
}

export function createStatements({ name, columns, keyColumns }: RandomTable): string[] {
  const list = columns.map((column) => `${column.name} ${column.type.sql}`)
  const key = columns.slice(0, keyColumns).map((column) => column.name)
  if (keyColumns > 0) list.push(`PRIMARY KEY (${key.join(", ")})`)
  const create = `CREATE TABLE ${name} (${list.join(", ")})`
  return keyColumns > 0 ? [create] : [create, `ALTER TABLE ${name} REPLICA IDENTITY FULL`]
}

function value(random: Random, type: RandomType, isKey: boolean): string {
  if (!isKey && random.chance(0.15)) return "NULL"
  const text = type.random !== undefined && random.chance(0.5) ? type.random(random) : random.pick(type.edges)
  return `E'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'::${type.sql}`
}

export function insertStatement(
  random: Random,
  { name, columns, keyColumns }: RandomTable,
  rows: number,
): string {
  const tuples = Array.from(
    { length: rows },
    () => `(${columns.map(({ type }, index) => value(random, type, index < keyColumns)).join(", ")})`,
  )
  return `INSERT INTO ${name} VALUES ${tuples.join(", ")} ON CONFLICT DO NOTHING`
}

/** Every edge value of every column at least once. */
export function edgeRows({ name, columns, keyColumns }: RandomTable): string[] {
  const most = Math.max(...columns.map(({ type }) => type.edges.length))
  return Array.from({ length: most }, (_, row) => {
    const values = columns.map(({ type }, index) => {
      if (index < keyColumns) return String(row)
      const edge = type.edges[row % type.edges.length] ?? ""
      return `E'${edge.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'::${type.sql}`
    })
    return `INSERT INTO ${name} VALUES (${values.join(", ")})`
  })
}

/** An edit of some rows; one that would break a key is given up inside its block. */
export function editStatement(random: Random, table: RandomTable): string {
  const some = `ctid IN (SELECT ctid FROM ${table.name} ORDER BY ctid OFFSET ${random.below(8)} LIMIT ${1 + random.below(6)})`
  const kind = random.below(20)
  if (kind < 6) return insertStatement(random, table, 1 + random.below(5))
  if (kind < 9) return `DELETE FROM ${table.name} WHERE ${some}`
  if (kind === 9) return `TRUNCATE ${table.name}`
  const sets = table.columns.flatMap(({ name, type }, index) => {
    const isKey = index < table.keyColumns
    return random.chance(isKey ? 0.2 : 0.4) ? [`${name} = ${value(random, type, isKey)}`] : []
  })
  if (sets.length === 0) sets.push("c0 = c0")
  return `DO $do$ BEGIN UPDATE ${table.name} SET ${sets.join(", ")} WHERE ${some}; EXCEPTION WHEN unique_violation THEN NULL; END $do$`
}
