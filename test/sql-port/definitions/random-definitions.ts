import { type Random, randomFrom } from "../../replication/random.ts"

const schemas = ["main", "sales", "public", '"a.b"']
const names = ["t", "u", "v", "w"]
const types = ["mood", "place", "amount"]
const typeForms = [
  "ENUM ('a', 'b')",
  "ENUM ('b', 'a', 'c''d')",
  "STRUCT(x INTEGER, y VARCHAR)",
  "UNION(n INTEGER, s VARCHAR)",
  "INTEGER[]",
  "MAP(VARCHAR, INTEGER)",
  "DECIMAL(10, 2)",
  "VARCHAR",
]
const columnTypes = ["INTEGER", "VARCHAR", "JSON", "DECIMAL(18, 3)", "TIMESTAMPTZ", "INTEGER[]", "SUPER"]

/** One list of statements: definitions of every kind in random order, some in transactions, some rolled back. */
export function randomDefinitions(seed: number, count: number): string[] {
  const random = randomFrom(seed)
  const statements = [
    `CREATE SCHEMA sales`,
    `CREATE TYPE ${random.pick(["", "sales."])}mood AS ENUM ('a', 'b')`,
  ]
  let isInTransaction = false
  for (let at = 0; at < count; at++) {
    if (isInTransaction && random.chance(0.25)) {
      statements.push(random.pick(["COMMIT", "COMMIT", "ROLLBACK"]))
      isInTransaction = false
    } else if (!isInTransaction && random.chance(0.15)) {
      statements.push("BEGIN")
      isInTransaction = true
    } else statements.push(random.pick(forms)(random))
  }
  return statements
}

const place = (random: Random, from: readonly string[] = names) =>
  `${random.pick(schemas)}.${random.pick(from)}`
const qualified = (random: Random, from: readonly string[]) =>
  random.chance(0.4) ? random.pick(from) : place(random, from)
const type = (random: Random) => (random.chance(0.4) ? qualified(random, types) : random.pick(columnTypes))

/** What a default, a check or a generated column is made of. */
function expression(random: Random): string {
  return random.pick([
    () => `'a'::${qualified(random, types)}`,
    () => `nextval('${random.pick(["", "sales.", "main."])}q')`,
    () => "sysdate",
    () => "getdate()",
    () => "charindex('a', 'ba')",
    () => "nvl2(1, 2, 3)",
    () => "now()",
    () => "4",
    () => "'x' || 'y'",
  ])()
}

/** The same whenever it is read. */
function stable(random: Random): string {
  const found = expression(random)
  return /nextval|now|date/.test(found) ? "4" : found
}

const column = (random: Random, name: string) =>
  `${name} ${type(random)}${random.pick(["", "", "", ` DEFAULT (${expression(random)})`, " UNIQUE", " NOT NULL"])}`

const extra = (random: Random) =>
  random.pick([
    "",
    "",
    ", PRIMARY KEY (id)",
    `, CHECK (a::VARCHAR <> (${expression(random)})::VARCHAR)`,
    `, g VARCHAR GENERATED ALWAYS AS ((id::VARCHAR || (${stable(random)})::VARCHAR))`,
    `, FOREIGN KEY (id) REFERENCES ${place(random)} (id)`,
  ])

const alteration = (random: Random) =>
  random.pick([
    () => `ADD COLUMN ${column(random, random.pick(["c", "d"]))}`,
    () => `DROP COLUMN ${random.pick(["a", "b", "c"])}`,
    () => `RENAME ${random.pick(["a", "b"])} TO ${random.pick(["c", "e"])}`,
    () => `RENAME TO ${random.pick(names)}`,
    () => `ALTER ${random.pick(["a", "b", "id"])} TYPE ${type(random)}`,
    () => `ALTER a TYPE VARCHAR USING concat(a, ${expression(random)})`,
    () => `ALTER a SET DEFAULT (${expression(random)})`,
    () => "ALTER a DROP DEFAULT",
    () => "ALTER b SET NOT NULL",
    () => "ALTER b DROP NOT NULL",
    () => "ADD PRIMARY KEY (id)",
  ])()

type Form = (random: Random) => string

const table: Form = (random) =>
  `CREATE ${random.pick(["", "", "OR REPLACE ", "TEMP "])}TABLE ${qualified(random, names)} (id INTEGER, ${column(random, "a")}, ${column(random, "b")}${extra(random)})`
const alter: Form = (random) => `ALTER TABLE ${qualified(random, names)} ${alteration(random)}`
const makeType: Form = (random) => `CREATE TYPE ${qualified(random, types)} AS ${random.pick(typeForms)}`

const forms: Form[] = [
  table,
  table,
  table,
  alter,
  alter,
  alter,
  makeType,
  makeType,
  (random) => `CREATE TYPE ${qualified(random, types)} AS ${qualified(random, types)}`,
  (random) => `CREATE SCHEMA IF NOT EXISTS ${random.pick(schemas)}`,
  (random) => `DROP SCHEMA ${random.pick(schemas.slice(1))}${random.pick(["", " CASCADE"])}`,
  (random) =>
    `INSERT INTO ${qualified(random, names)} (id) VALUES (${random.below(5)}), (${random.below(50)})`,
  (random) => `INSERT INTO ${qualified(random, names)} (id) SELECT range FROM range(${random.below(3000)})`,
  (random) => `UPDATE ${qualified(random, names)} SET id = id + 100 WHERE id < 3`,
  (random) => `DELETE FROM ${qualified(random, names)} WHERE id = 1`,
  (random) => `TRUNCATE ${qualified(random, names)}`,
  (random) => `CREATE SEQUENCE ${random.pick(["", "sales.", "main.", "public."])}q`,
  (random) =>
    `CREATE ${random.pick(["", "UNIQUE "])}INDEX ${random.pick(["i", "j"])} ON ${qualified(random, names)} (${random.pick(["id", "(id + 1)", "(a::VARCHAR)", "b"])})`,
  (random) =>
    `CREATE OR REPLACE VIEW ${qualified(random, ["x", "y"])} AS SELECT *, ${expression(random)} AS z FROM ${qualified(random, names)}`,
  (random) => `ALTER VIEW ${qualified(random, ["x", "y"])} RENAME TO ${random.pick(["x", "y", "t"])}`,
  (random) => `CREATE TABLE ${qualified(random, names)} AS SELECT id, a FROM ${qualified(random, names)}`,
  (random) =>
    `DROP ${random.pick(["TABLE", "VIEW", "TYPE", "SEQUENCE", "INDEX"])} IF EXISTS ${qualified(random, [...names, ...types, "x", "q", "i"])}${random.pick(["", " CASCADE"])}`,
]
