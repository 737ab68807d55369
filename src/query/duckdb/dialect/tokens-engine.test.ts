import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { type DuckDBConnection, DuckDBInstance, type DuckDBPreparedStatement } from "@duckdb/node-api"
import fc from "fast-check"
import { shownSeed, testSeed } from "../../../../test/support/seed.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type Token, tokenize } from "../../text/tokens.ts"
import { plainStatement } from "./plain-text.ts"

let instance: DuckDBInstance
let connection: DuckDBConnection
let serialize: DuckDBPreparedStatement

before(async () => {
  instance = await DuckDBInstance.create(":memory:")
  connection = await instance.connect()
  serialize = await connection.prepare("SELECT json_serialize_sql($1::VARCHAR)")
})
after(() => {
  serialize.destroySync()
  connection.closeSync()
  instance.closeSync()
})

/** The engine's parse without its places in the text; "": it takes it for no query. */
async function parsed(sql: string): Promise<string> {
  serialize.bindVarchar(1, sql)
  const rows = await (await serialize.run()).getRows()
  const tree = String(rows[0]?.[0])
  // An exponent without digits, as in `1E`, makes a small number a large one's type.
  return tree.includes('"error":true')
    ? ""
    : tree.replaceAll("BIGINT", "INTEGER").replace(/"query_location":\d+/g, `"query_location":0`)
}

/** A token in the one way of writing it that nobody can read otherwise. */
function written({ kind, value }: Token, text: string): string {
  if (kind === "quoted") return `"${value.replaceAll('"', '""')}"`
  if (kind === "string" && !/^[xXbBnNuU]/.test(text)) return `'${value.replaceAll("'", "''")}'`
  return text
}

const fromTokens = (sql: string) =>
  tokenize(sql)
    .map((token) => written(token, sql.slice(token.start, token.end)))
    .join(" ")
    // A column by its place is two tokens without a space.
    .replace(/# (?=\d)/g, "#")

const unicodeSpace = /[\u00a0\u2000-\u200b\u202f\u205f\u2060\u3000\ufeff]/

/** What the engine takes for a query is the same query when it is written anew from our tokens, or is refused by us. */
async function requireAlike(sql: string): Promise<boolean> {
  const theirs = await parsed(sql)
  let plain: string
  let ours: string
  try {
    plain = plainStatement(sql)
    ours = fromTokens(sql)
  } catch (error) {
    assert.ok(error instanceof PgError, String(error))
    return false
  }
  // What runs is the plain text: that must be what the tokens say, whatever the engine makes of the text as sent.
  const runs = await parsed(plain)
  if (runs !== "") assert.equal(runs, await parsed(fromTokens(plain)), JSON.stringify([sql, plain]))
  if (theirs === "") return false
  // The engine loses count of these behind some quotes, and at the end of the text: what runs has none of them.
  if (unicodeSpace.test(sql)) return true
  assert.equal(await parsed(ours), theirs, JSON.stringify([sql, ours]))
  assert.equal(await parsed(plain), theirs, JSON.stringify([sql, plain]))
  return true
}

test("what is white space to the engine between two names is so to us, and nothing else is", async () => {
  const differing: string[] = []
  for (let first = 0; first <= 0xffff; first += 0x100) {
    const characters = Array.from({ length: 0x100 }, (_, at) => first + at)
      .filter((code) => code >= 0x80 && !(code >= 0xd800 && code <= 0xdfff))
      .map((code) => String.fromCharCode(code))
    if (characters.length === 0) continue
    const tree = JSON.parse(await parsed(`SELECT ${characters.map((one) => `a${one}b`).join(",")} FROM y`))
    for (const [at, one] of characters.entries()) {
      const { alias } = tree.statements[0].node.select_list[at]
      if ((alias === "b") !== (tokenize(`a${one}b`).length === 2)) differing.push(one)
    }
  }
  assert.deepEqual(differing, [])
})

const pieces = [
  ..."SELECT|FROM|WHERE|AS|a|b|x|e|E|u|U&|n|N|t|café|K|\u{1f600}|é$|1|2.5|.5|1e5|0x1F|1_000|0b1|,|(|)|*|+|-|/|%|<|>|=|.|:|::|:=|;|#1|?|$1|$a|@|!|~|^|&|`|[|]|{|}|'|''|\"|\"\"|$$|$a$|$é$|\\|\\'|\\\\|\\n|\\x41|\\101|\\u0041|\\U00000041|\\xc3\\xa9|--|/*|*/|/**/|--x".split(
    "|",
  ),
  ...["||", "\n", "\r", "\r\n", "\t", " ", " ", "\f", "\u00a0", "\u200b", "\u2028", "\u3000", "\ufeff"],
  ...[
    "--c\n",
    "--c\r",
    "-- '\n",
    '-- "\r',
    "/* ' */",
    "/* /* */ */",
    '/* " */',
    "'a'",
    "E'a\\'b'",
    "'a'\n'b'",
  ],
  ...[
    "E'a'\n'\\''",
    "'a' -- it's\n 'b'",
    "$$'$$",
    "$x$ $$ $x$",
    '"a""b"',
    "x'41'",
    "b'01'",
    "n'x'",
    "E'\\\\'",
  ],
  ...["SELECT 1", "SELECT x FROM y", " FROM 'f' ", " AS c ", "COLUMNS(*)", "lambda z: z", "(x, y) -> x"],
]

const numRuns = Number(process.env.FUZZ_RUNS ?? 4_000)

test("what the engine reads is what our tokens say, whatever is put together", async (t) => {
  t.diagnostic(shownSeed)
  let queries = 0
  const text = fc
    .array(fc.constantFrom(...pieces), { maxLength: 12 })
    .map((some) => `SELECT ${some.join("")}`)
  await fc.assert(
    fc.asyncProperty(text, async (sql) => {
      if (await requireAlike(sql)) queries++
    }),
    { seed: testSeed, numRuns, endOnFailure: false },
  )
  t.diagnostic(`${queries} of ${numRuns} texts were queries to the engine`)
  assert.ok(queries > numRuns / 50, "hardly any text was a query: the fuzz tries nothing")
})

test("forms that the two once read differently", async () => {
  const alike = [
    "SELECT 1 --x\r, 2",
    "SELECT x--\rFROM y",
    "SELECT\u00a0x\u200bFROM\ufeffy",
    "SELECT E'a'\n'\\' , x , \\' ' FROM y",
    "SELECT 'a' -- it's\n 'b'",
    "SELECT $é$'$é$ FROM y",
    "SELECT 0x1F, 1_000, 1__0 FROM y",
    "SELECT \u{1f600}from FROM y",
    "SELECT E'\\x41\\101\\q'",
    "SELECT x: 42",
    "SELECT #1 FROM y POSITIONAL JOIN z",
    "FROM y AT (VERSION => 1) SELECT COLUMNS(*)",
    "SELECT list_transform([1], lambda z: z + 1)",
  ]
  for (const sql of alike) assert.ok(await requireAlike(sql), sql)
  assert.throws(() => tokenize("SELECT 1\0, 2"), { code: "42601" })
})
