import assert from "node:assert/strict"
import { test } from "node:test"
import { type PgTableParts, pgTable } from "../../../../test/support/pg-table.ts"
import { bufferedBytes } from "../../../replication/values/columns.ts"
import type { PgTable } from "../catalog/catalog.ts"
import { type Evolution, type Exact, evolve } from "./evolve.ts"
import { type Described, describe } from "./relation.ts"

const [int4, int8, text, varchar, numeric] = [23, 20, 25, 1043, 1700]
const numericModifier = (precision: number, scale: number) => ((precision << 16) | scale) + 4

type ColumnParts = PgTableParts["columns"][number]
const id: ColumnParts = { number: 1, name: "id", typeOid: int4 }
const v: ColumnParts = { number: 2, name: "v", typeOid: varchar, typeModifier: 24 }
const n: ColumnParts = { number: 3, name: "n", typeOid: int4 }
const base: PgTableParts = { columns: [id, v, n], key: [0] }
const decimal = (precision: number, scale: number): ColumnParts => ({
  ...n,
  typeOid: numeric,
  typeModifier: numericModifier(precision, scale),
})

interface Case {
  name: string
  from?: PgTableParts
  to: PgTableParts
  /** As the stream describes it; default: as the catalog has it. */
  described?: PgTableParts
  missing?: [number: number, value: string | undefined][]
  becomes:
    | "same"
    | RegExp
    | { columns: string[]; origins: (number | undefined)[]; key?: number[]; filled?: boolean }
}

const cases: Case[] = [
  { name: "nothing happened", to: base, becomes: "same" },
  { name: "truncated, or vacuumed in full", to: { ...base, storage: "2" }, becomes: "same" },
  {
    name: "a column without default",
    to: { ...base, columns: [id, v, n, { number: 4, name: "c", typeOid: text }] },
    becomes: { columns: ["id", "v", "n", "c"], origins: [0, 1, 2, undefined], key: [0] },
  },
  {
    name: "a column with a constant default",
    to: { ...base, columns: [id, v, n, { number: 4, name: "c", typeOid: int4 }] },
    missing: [[4, "7"]],
    becomes: { columns: ["id", "v", "n", "c"], origins: [0, 1, 2, undefined], key: [0], filled: true },
  },
  {
    name: "a column with a default that cannot be told",
    to: { ...base, columns: [id, v, n, { number: 4, name: "c", typeOid: int4 }] },
    missing: [[4, undefined]],
    becomes: /what older rows hold in column c cannot be told/,
  },
  {
    name: "a column with a default that its type here does not hold",
    to: { ...base, columns: [id, v, n, { ...decimal(4, 1), number: 4, name: "c" }] },
    missing: [[4, "NaN"]],
    becomes: /column c is to be held as text/,
  },
  {
    name: "a column with a default for which every row was written anew",
    to: { ...base, storage: "2", columns: [id, v, n, { number: 4, name: "c", typeOid: int4 }] },
    becomes: /written anew/,
  },
  {
    name: "a dropped column",
    to: { ...base, attributes: 3, columns: [id, n] },
    becomes: { columns: ["id", "n"], origins: [0, 2], key: [0] },
  },
  {
    name: "names exchanged",
    to: { ...base, columns: [{ ...id, name: "n" }, v, { ...n, name: "id" }] },
    becomes: { columns: ["n", "v", "id"], origins: [0, 1, 2], key: [0] },
  },
  {
    name: "the table renamed",
    to: { ...base, name: "u" },
    becomes: { columns: ["id", "v", "n"], origins: [0, 1, 2], key: [0] },
  },
  {
    name: "text that may be longer",
    to: { ...base, columns: [id, { ...v, typeOid: text, typeModifier: -1 }, n] },
    becomes: { columns: ["id", "v", "n"], origins: [0, 1, 2], key: [0] },
  },
  {
    name: "more digits, and the same scale",
    from: { ...base, columns: [id, v, decimal(6, 2)] },
    to: { ...base, columns: [id, v, decimal(12, 2)] },
    becomes: { columns: ["id", "v", "n"], origins: [0, 1, 2], key: [0] },
  },
  {
    name: "another scale",
    from: { ...base, columns: [id, v, decimal(6, 2)] },
    to: { ...base, columns: [id, v, decimal(12, 3)] },
    becomes: /column n changed its type/,
  },
  {
    name: "another type, written anew",
    to: { ...base, storage: "2", columns: [id, v, { ...n, typeOid: int8, xmin: "9" }] },
    becomes: /written anew/,
  },
  {
    name: "the same type, with other values",
    to: { ...base, storage: "2", columns: [id, v, { ...n, xmin: "9" }] },
    becomes: /written anew/,
  },
  {
    name: "a type between that nothing tells of any more",
    to: { ...base, columns: [id, { ...v, typeOid: text, typeModifier: -1 }, n] },
    described: { ...base, columns: [id, { ...v, typeModifier: 44 }, n] },
    becomes: /changed more than once/,
  },
  {
    name: "a column that came and went, with rows of it",
    to: { ...base, attributes: 4, columns: [id, v, n] },
    described: { ...base, columns: [id, v, n, { number: 4, name: "c", typeOid: text }] },
    becomes: /a column came and went/,
  },
  {
    name: "one column for another of its type",
    to: { ...base, columns: [id, v, { ...n, number: 4 }] },
    becomes: /in a way that the stream does not tell/,
  },
  {
    name: "a composite type with another attribute",
    from: { ...base, columns: [id, v, { ...n, sourceType: "pair(int,int)" }] },
    to: { ...base, columns: [id, v, { ...n, sourceType: "pair(int,int,text)" }] },
    becomes: /the type of column n changed/,
  },
  {
    name: "an enum with one more label",
    from: { ...base, columns: [id, v, { ...n, parts: { "label 7": "red" } }] },
    to: { ...base, columns: [id, v, { ...n, parts: { "label 7": "red", "label 8": "green" } }] },
    becomes: "same",
  },
  {
    name: "an enum with another label for the same values",
    from: { ...base, columns: [id, v, { ...n, parts: { "label 7": "red" } }] },
    to: { ...base, columns: [id, v, { ...n, parts: { "label 7": "crimson" } }] },
    becomes: /the type of column n changed/,
  },
  {
    name: "another key",
    to: { ...base, key: [2] },
    becomes: { columns: ["id", "v", "n"], origins: [0, 1, 2], key: [2] },
  },
  {
    name: "no key, but all columns",
    to: { columns: base.columns },
    becomes: { columns: ["id", "v", "n"], origins: [0, 1, 2] },
  },
  {
    name: "a partition made empty",
    from: { ...base, partitioned: true, storage: "5:5:made" },
    to: { ...base, partitioned: true, storage: "5:5:made 6:6:made" },
    becomes: "same",
  },
  {
    name: "a partitioned table with another column",
    from: { ...base, partitioned: true, storage: "" },
    to: { ...base, partitioned: true, storage: "", columns: [id, v] },
    becomes: /its definition changed/,
  },
]

function evolved({ from = base, to, described = to, missing = [] }: Case, exact?: Exact): Evolution {
  const stream: Described = describe(pgTable(described))
  return evolve(pgTable(from), stream, { table: pgTable(to), missing: new Map(missing) }, exact)
}

function assertBecomes(evolution: Evolution, { becomes }: Case): void {
  if (becomes === "same") assert.equal(evolution.kind, "same", JSON.stringify(evolution))
  else if (becomes instanceof RegExp) {
    assert.ok(evolution.kind === "beside", `${evolution.kind}, not beside`)
    assert.match(evolution.reason, becomes)
  } else {
    assert.ok(evolution.kind === "altered", JSON.stringify(evolution))
    assert.deepEqual(namesOf(evolution.to), becomes.columns)
    assert.deepEqual(evolution.origins, becomes.origins)
    assert.deepEqual(evolution.to.schema.key, becomes.key)
    assert.equal(evolution.fill !== undefined && bufferedBytes(evolution.fill) > 0, becomes.filled === true)
  }
}

const namesOf = ({ schema }: PgTable) => schema.columns.map(({ name }) => name)

for (const one of cases) test(one.name, () => assertBecomes(evolved(one), one))

test("where the catalog is known not to be ahead, one column for another of its type is told", () => {
  const to = { ...base, columns: [id, v, { ...n, number: 4 }] }
  const one: Case = {
    name: "",
    to,
    becomes: { columns: ["id", "v", "n"], origins: [0, 1, undefined], key: [0] },
  }
  assertBecomes(evolved(one, { emptiedBy: new Set() }), one)
})

const partitioned = (storage: string): PgTableParts => ({ ...base, partitioned: true, storage })

const partitionCases: { name: string; from: string; to: string; becomes: "same" | "beside" }[] = [
  {
    name: "a partition that brings its rows",
    from: "5:5:made:1",
    to: "5:5:made:1 6:6:attached:2",
    becomes: "beside",
  },
  { name: "a partition that goes", from: "5:5:made:1 6:6:made:1", to: "5:5:made:1", becomes: "beside" },
  { name: "a partition written anew", from: "5:5:made:1", to: "5:7:made:2", becomes: "beside" },
  { name: "a partition that was away", from: "5:5:made:1:1", to: "5:5:made:2:2", becomes: "beside" },
  {
    name: "a partition of one that was away",
    from: "5:5:made:1:1.1",
    to: "5:5:made:1:2.1",
    becomes: "beside",
  },
  { name: "all emptied through the whole", from: "5:5:made:1", to: "5:7:made:9", becomes: "same" },
  {
    name: "one emptied by itself after the whole",
    from: "5:5:made:1 6:6:made:1",
    to: "5:7:made:9 6:8:made:10",
    becomes: "beside",
  },
]

for (const { name, from, to, becomes } of partitionCases)
  test(`${name}: looked at where the catalog is not ahead`, () => {
    const current = { table: pgTable(partitioned(to)), missing: new Map() }
    const stream = describe(current.table)
    const known = pgTable(partitioned(from))
    assert.equal(evolve(known, stream, current, { emptiedBy: new Set(["9"]) }).kind, becomes)
    const ahead = evolve(known, stream, current)
    assert.ok(ahead.kind === "same")
    assert.equal(ahead.table.storage, from)
  })
