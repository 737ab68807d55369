import assert from "node:assert/strict"
import { test } from "node:test"
import type { TableSchema } from "../../src/domain/table.ts"
import type { Alteration, Destination, TableChanges } from "../../src/replication/contracts/warehouse.ts"
import { database, type Harness, pipeline } from "./warehouse-harness.ts"
import { batchOf, type Change, contractTable, loaded, rowsOf, staged, type Value } from "./warehouse-rows.ts"

const text = { kind: "text" } as const
const column = (name: string, type: TableSchema["columns"][number]["type"] = text) => ({
  name,
  type,
  sourceType: "any",
})

interface Step {
  /** The table becomes this one; each column with the one (by index) it was. */
  to?: { table: TableSchema; origins: (number | undefined)[]; fill?: Value[] }
  changes: Change[]
}

/** What a table goes through in one batch. */
async function segments(
  destination: Destination,
  first: TableSchema,
  steps: readonly Step[],
): Promise<TableChanges[]> {
  let table = first
  const parts: TableChanges[] = []
  for (const { to, changes } of steps) {
    const alteration = to && (await stagedAlteration(destination, table, to))
    table = to?.table ?? table
    const { parts: files, runs } = await staged(destination, table, changes)
    parts.push({ table, alteration, parts: files, runs })
  }
  return parts
}

async function stagedAlteration(
  destination: Destination,
  from: TableSchema,
  { table, origins, fill }: NonNullable<Step["to"]>,
): Promise<Alteration<TableChanges["parts"][number]>> {
  const row = fill && (await destination.rows.stageRows(table, rowsOf(table, [fill])))
  return { from, to: table, origins, fill: row }
}

const base = contractTable("t")
const [id, a, b] = base.columns as [TableSchema["columns"][number], ...TableSchema["columns"]]
const as = (columns: (TableSchema["columns"][number] | undefined)[], change: Partial<TableSchema> = {}) => ({
  ...base,
  columns: columns.flatMap((one) => one ?? []),
  ...change,
})
const added = { table: as([id, a, b, column("c")]), origins: [0, 1, 2, undefined] }
const rows: Value[][] = [
  [1, "a1", "b1"],
  [2, "a2", "b2"],
]

const cases: { name: string; steps: Step[]; after: (number | string | null)[][] }[] = [
  {
    name: "a column is added, empty, and filled by later rows",
    steps: [{ to: added, changes: [["insert", 3, "a3", "b3", "c3"]] }],
    after: [
      [1, "a1", "b1", null],
      [2, "a2", "b2", null],
      [3, "a3", "b3", "c3"],
    ],
  },
  {
    name: "an added column's value is in the rows that were there, also after others of them went",
    steps: [
      {
        changes: [
          ["delete", 1],
          ["insert", 3, "a3", "b3"],
        ],
      },
      {
        to: { ...added, fill: [null, null, null, "it's \\x41 'ä"] },
        changes: [["insert", 4, "a4", "b4", null]],
      },
    ],
    after: [
      [2, "a2", "b2", "it's \\x41 'ä"],
      [3, "a3", "b3", "it's \\x41 'ä"],
      [4, "a4", "b4", null],
    ],
  },
  {
    name: "an added column's value is in the rows that were there",
    steps: [
      {
        to: { ...added, fill: [null, null, null, "it's \\x41 'ä"] },
        changes: [["insert", 4, "a4", "b4", null]],
      },
    ],
    after: [
      [1, "a1", "b1", "it's \\x41 'ä"],
      [2, "a2", "b2", "it's \\x41 'ä"],
      [4, "a4", "b4", null],
    ],
  },
  {
    name: "a column goes, another is renamed, in the middle of the batch",
    steps: [
      { changes: [["update", 2, "x", "kept"]] },
      {
        to: { table: as([id, b && { ...b, name: "z" }]), origins: [0, 2] },
        changes: [["insert", 5, "five"]],
      },
    ],
    after: [
      [1, "b1"],
      [2, "kept"],
      [5, "five"],
    ],
  },
  {
    name: "two columns exchange their names",
    steps: [
      { to: { table: as([id, b, a]), origins: [0, 1, 2] }, changes: [["update", 1, "first", "second"]] },
    ],
    after: [
      [1, "first", "second"],
      [2, "a2", "b2"],
    ],
  },
  {
    name: "a column goes and comes back empty under its name",
    steps: [
      { to: { table: as([id, a, b]), origins: [0, 1, undefined] }, changes: [["insert", 3, "n", "n"]] },
    ],
    after: [
      [1, "a1", null],
      [2, "a2", null],
      [3, "n", "n"],
    ],
  },
  {
    name: "a type widens between two changes of one row",
    steps: [
      { changes: [["update", 1, "before", "b"]] },
      {
        to: { table: as([{ ...id, type: { kind: "int64" } }, a, b]), origins: [0, 1, 2] },
        changes: [],
      },
      {
        to: { table: as([{ ...id, type: text }, a, b]), origins: [0, 1, 2] },
        changes: [["update", "1", "after", null]],
      },
    ],
    after: [
      ["1", "after", null],
      ["2", "a2", "b2"],
    ],
  },
  {
    name: "the key is another column from the middle of the batch",
    steps: [
      { changes: [["delete", 2]] },
      {
        to: { table: as([id, a, b], { key: [1] }), origins: [0, 1, 2] },
        changes: [["update", 9, "a1", "found by a"]],
      },
    ],
    after: [[9, "a1", "found by a"]],
  },
  {
    name: "every column goes, and others come",
    steps: [
      {
        to: {
          table: as([column("n", { kind: "int32" })]),
          origins: [undefined],
          fill: [7],
        },
        changes: [["insert", 8]],
      },
    ],
    after: [[7], [7], [8]],
  },
  {
    name: "the table is renamed, its column is added, and rows change before, between and after",
    steps: [
      { changes: [["update", 1, "one", "one"]] },
      { to: { table: { ...base, name: "T2" }, origins: [0, 1, 2] }, changes: [["delete", 2]] },
      {
        to: { table: { ...added.table, name: "T2" }, origins: added.origins },
        changes: [["insert", 3, "3", "3", "3"]],
      },
    ],
    after: [
      [1, "one", "one", null],
      [3, "3", "3", "3"],
    ],
  },
  {
    name: "the table moves to another schema",
    steps: [
      { changes: [["delete", 1]] },
      { to: { table: { ...base, schema: "Other" }, origins: [0, 1, 2] }, changes: [["insert", 3, "3", "3"]] },
    ],
    after: [
      [2, "a2", "b2"],
      [3, "3", "3"],
    ],
  },
]

/** Tables that become others in the middle of a batch and keep their rows. */
export function casesOfAlterations({ withTable, assertRows }: Harness): void {
  for (const { name, steps, after } of cases) {
    test(`${name}, and so after a crash`, () =>
      withTable(rows, async (destination, table, under) => {
        await destination.rows.apply(batchOf("2", ...(await segments(destination, table, steps))))
        const final = steps.findLast(({ to }) => to !== undefined)?.to?.table ?? table
        assert.deepEqual(await destination.inspection.tables(), [final])
        await assertRows(under, final, after)
        const again = await under.crash()
        const reopened = await again.warehouse.open({ database, pipeline, generation: 1 })
        assert.deepEqual(await reopened.inspection.tables(), [final])
        assert.equal(await reopened.notes.position(), "2")
        await assertRows(again, final, after)
        return again
      }))
  }

  test("tables exchange their names with rows on the way, and a third takes the place that is free", () =>
    withTable(rows, async (destination, first, under) => {
      const second = contractTable("u")
      const third = contractTable("w")
      await loaded(destination, second, [[5, "second", null]])
      await loaded(destination, third, [[6, "third", null]])
      const renamed = (from: TableSchema, name: string, changes: Change[]) =>
        segments(destination, from, [{ to: { table: { ...from, name }, origins: [0, 1, 2] }, changes }])
      await destination.rows.apply(
        batchOf(
          "2",
          ...(await renamed(first, "u", [["delete", 1]])),
          ...(await renamed(second, "t", [["insert", 7, "with it", null]])),
        ),
      )
      await assertRows(under, { ...first, name: "u" }, [[2, "a2", "b2"]])
      await assertRows(under, { ...second, name: "t" }, [
        [5, "second", null],
        [7, "with it", null],
      ])
      await destination.rows.apply(
        batchOf("3", ...(await renamed({ ...first, name: "u" }, "w", [["insert", 8, "eight", null]]))),
      )
      await assertRows(under, { ...first, name: "w" }, [
        [2, "a2", "b2"],
        [8, "eight", null],
      ])
      const held = (await destination.inspection.tables()).map((table) => `${table.id} as ${table.name}`)
      assert.deepEqual(held.sort(), [`${first.id} as w`, `${second.id} as t`, `${third.id} as u`])
      // What became of it at the source is not known yet; until it is, it stays readable.
      await assertRows(under, { ...third, name: "u" }, [[6, "third", null]])
      return undefined
    }))

  test("a table goes under the name it has here, whatever it was called last", () =>
    withTable(rows, async (destination, table, under) => {
      await destination.rows.apply({ ...batchOf("2"), dropped: [{ ...table, name: "elsewhere" }] })
      await assert.rejects(under.read(database, table))
      assert.deepEqual(await destination.inspection.tables(), [])
      return undefined
    }))
}
