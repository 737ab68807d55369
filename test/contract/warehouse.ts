import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { positionFrom } from "../../src/domain/position.ts"
import { Problem } from "../../src/domain/problems.ts"
import { qualifiedName, type TableSchema } from "../../src/domain/table.ts"
import type { Destination, Warehouse } from "../../src/replication/warehouse.ts"
import {
  batchOf,
  type Change,
  contractTable,
  loaded,
  rowsOf,
  staged,
  unsent,
  type Value,
} from "./warehouse-rows.ts"

/** A warehouse under test. */
export interface WarehouseUnderTest {
  warehouse: Warehouse
  /** The rows of a live table as people read it, in any order; throws if it is not there. */
  read(database: string, table: TableSchema): Promise<(number | string | null)[][]>
  /** Ends everything without a word, as a killed process would, and opens it again. */
  crash(): Promise<WarehouseUnderTest>
  close(): Promise<void>
}

const database = "destination"
const pipeline = "pipeline"
const at = positionFrom

/** The contract of src/replication/warehouse.ts; every adapter runs these same cases. */
export function describeWarehouse(name: string, open: () => Promise<WarehouseUnderTest>): void {
  const withOne = async (
    work: (opened: Destination, under: WarehouseUnderTest) => Promise<WarehouseUnderTest | undefined>,
  ) => {
    const under = await open()
    const last = await work(await under.warehouse.open(database), under)
    await (last ?? under).close()
  }

  /** Table `t` is live with `rows`, at position 1. */
  const withTable = (
    rows: readonly (readonly Value[])[],
    work: (
      destination: Destination,
      table: TableSchema,
      under: WarehouseUnderTest,
    ) => Promise<WarehouseUnderTest | undefined>,
    isKeyless = false,
  ) =>
    withOne(async (destination, under) => {
      const table = contractTable("t", isKeyless)
      await loaded(destination, pipeline, table, rows)
      await destination.completeSnapshot(pipeline, [table], at("1"))
      return work(destination, table, under)
    })

  const assertRows = async (
    under: WarehouseUnderTest,
    table: TableSchema,
    rows: (number | string | null)[][],
  ) => assert.deepEqual(sorted(await under.read(database, table)), sorted(rows))

  describe(`warehouse ${name}`, () => {
    test("a new database has neither position nor tables", () =>
      withOne(async (destination, { warehouse }) => {
        assert.equal(await destination.position(pipeline), undefined)
        assert.deepEqual(await destination.tables(pipeline), [])
        assert.deepEqual(await warehouse.countRows(database, pipeline), new Map())
        return undefined
      }))

    test("a table is live after its copy, and its position after the snapshot", () =>
      withOne(async (destination, under) => {
        const table = contractTable("t")
        await loaded(destination, pipeline, table, [
          [1, "x", null],
          [2, "", "ä🚰'\"\\"],
        ])
        assert.equal(await destination.position(pipeline), undefined, "no position before the end")
        await destination.completeSnapshot(pipeline, [table], at("1"))
        assert.equal(await destination.position(pipeline), "1")
        assert.deepEqual(await destination.tables(pipeline), [table])
        await assertRows(under, table, [
          [1, "x", null],
          [2, "", "ä🚰'\"\\"],
        ])
        assert.deepEqual(await under.warehouse.countRows(database, pipeline), new Map([["public.t", 2]]))
        return undefined
      }))

    test("an empty table is a table", () =>
      withTable([], async (destination, table, under) => {
        await assertRows(under, table, [])
        assert.deepEqual(await destination.tables(pipeline), [table])
        return undefined
      }))

    test("a copy begun again starts anew", () =>
      withOne(async (destination, under) => {
        const table = contractTable("t")
        const first = await destination.beginLoad(pipeline, table)
        await first.write(rowsOf(table, [[1, "first", null]]))
        await first.settled()
        await first.abort()
        await first.abort()
        await loaded(destination, pipeline, table, [[2, "second", null]])
        await assertRows(under, table, [[2, "second", null]])
        return undefined
      }))

    test("a copy left by a crash does not show in the next", () =>
      withTable([[1, "live", null]], async (destination, table, under) => {
        const load = await destination.beginLoad(pipeline, table)
        await load.write(rowsOf(table, [[2, "lost", null]]))
        await load.settled()
        const again = await under.crash()
        const reopened = await again.warehouse.open(database)
        await assertRows(again, table, [[1, "live", null]])
        await loaded(reopened, pipeline, table, [[3, "new", null]])
        await assertRows(again, table, [[3, "new", null]])
        return again
      }))

    test("a copy takes the live table's place in one step: readers never find it missing", () =>
      withTable([[1, "old", null]], async (destination, table, under) => {
        const seen = new Set<string>()
        let isOver = false
        const reading = (async () => {
          while (!isOver) seen.add(JSON.stringify(await under.read(database, table)))
        })()
        for (let n = 0; n < 5; n++) await loaded(destination, pipeline, table, [[1, "old", null]])
        await loaded(destination, pipeline, table, [[2, "new", null]])
        isOver = true
        await reading
        const allowed = ['[[1,"old",null]]', '[[2,"new",null]]']
        assert.deepEqual(
          [...seen].filter((rows) => !allowed.includes(rows)),
          [],
        )
        return undefined
      }))

    const applied: {
      name: string
      before: Value[][]
      changes: Change[]
      after: (number | string | null)[][]
    }[] = [
      {
        name: "inserts, updates, deletes",
        before: [
          [1, "a", "b"],
          [2, "a", "b"],
        ],
        changes: [
          ["insert", 3, "a", null],
          ["update", 1, "x", "y"],
          ["delete", 2],
        ],
        after: [
          [1, "x", "y"],
          [3, "a", null],
        ],
      },
      {
        name: "only inserts",
        before: [[1, "a", "b"]],
        changes: [
          ["insert", 2, null, ""],
          ["insert", 3, "x", "y"],
        ],
        after: [
          [1, "a", "b"],
          [2, null, ""],
          [3, "x", "y"],
        ],
      },
      {
        name: "the last change of a row wins",
        before: [[1, "0", "0"]],
        changes: [
          ["update", 1, "1", "1"],
          ["delete", 1],
          ["insert", 1, "2", "2"],
          ["update", 1, "3", "3"],
        ],
        after: [[1, "3", "3"]],
      },
      {
        name: "inserted and deleted leaves nothing",
        before: [],
        changes: [
          ["insert", 1, "x", "x"],
          ["delete", 1],
        ],
        after: [],
      },
      {
        name: "truncation takes what was before and not what comes after",
        before: [[1, "a", "b"]],
        changes: [["insert", 2, "a", "b"], "truncate", ["insert", 3, "a", "b"], ["update", 3, "c", "d"]],
        after: [[3, "c", "d"]],
      },
      { name: "truncation alone", before: [[1, "a", "b"]], changes: ["truncate"], after: [] },
      {
        name: "a changed key is a delete and an update",
        before: [
          [1, "a", "b"],
          [2, "c", "d"],
        ],
        changes: [
          ["delete", 1],
          ["update", 3, "a", "b"],
          ["delete", 2],
          ["update", 1, "c", "d"],
        ],
        after: [
          [1, "c", "d"],
          [3, "a", "b"],
        ],
      },
      {
        name: "unsent columns keep what the table has",
        before: [
          [1, "a", "big"],
          [2, "a", null],
        ],
        changes: [
          ["update", 1, "x", unsent],
          ["update", 2, "y", unsent],
        ],
        after: [
          [1, "x", "big"],
          [2, "y", null],
        ],
      },
      {
        name: "unsent columns keep what the batch brought, also a null",
        before: [
          [1, "a", "big"],
          [2, "a", "big"],
        ],
        changes: [
          ["update", 1, "x", "bigger"],
          ["update", 1, "y", unsent],
          ["update", 1, unsent, unsent],
          ["update", 2, "x", null],
          ["update", 2, "y", unsent],
          ["insert", 3, "n", "new"],
          ["update", 3, "m", unsent],
        ],
        after: [
          [1, "y", "bigger"],
          [2, "y", null],
          [3, "m", "new"],
        ],
      },
      {
        name: "a row that came again does not show what it held before",
        before: [[1, "a", "big"]],
        changes: [
          ["update", 1, "x", unsent],
          ["delete", 1],
          ["insert", 1, "n", null],
          ["update", 1, "m", unsent],
        ],
        after: [[1, "m", null]],
      },
      {
        name: "a moved row brings its unsent columns along",
        before: [
          [1, "a", "big"],
          [2, "c", "large"],
        ],
        changes: [
          ["moveFrom", 1],
          ["moveTo", 10, "x", unsent],
          ["moveFrom", 2],
          ["moveTo", 1, "y", unsent],
        ],
        after: [
          [10, "x", "big"],
          [1, "y", "large"],
        ],
      },
      {
        name: "a row that moves twice, and changes between",
        before: [[1, "a", "big"]],
        changes: [
          ["moveFrom", 1],
          ["moveTo", 2, "x", unsent],
          ["update", 2, "y", unsent],
          ["moveFrom", 2],
          ["moveTo", 3, "z", unsent],
          ["moveFrom", 3],
          ["moveTo", 1, "end", unsent],
        ],
        after: [[1, "end", "big"]],
      },
      {
        name: "moves right after the insert of what moves, then a delete",
        before: [],
        changes: [
          ["insert", 1, "a", "big"],
          ["moveFrom", 1],
          ["moveTo", 2, "x", unsent],
          ["insert", 1, "n", "n"],
          ["delete", 2],
        ],
        after: [[1, "n", "n"]],
      },
    ]

    for (const { name: what, before, changes, after } of applied) {
      test(`applied: ${what}`, () =>
        withTable(before, async (destination, table, under) => {
          await destination.apply(pipeline, batchOf("2", await staged(destination, table, changes)))
          await assertRows(under, table, after)
          assert.equal(await destination.position(pipeline), "2")
          return undefined
        }))

      test(`applied, each change in a part of its own: ${what}`, () =>
        withTable(before, async (destination, table, under) => {
          await destination.apply(pipeline, batchOf("2", await staged(destination, table, changes, 1)))
          await assertRows(under, table, after)
          return undefined
        }))
    }

    const counted: typeof applied = [
      {
        name: "one of equal rows is deleted",
        before: [
          [1, "a", null],
          [1, "a", null],
          [1, "a", null],
        ],
        changes: [["delete", 1, "a", null]],
        after: [
          [1, "a", null],
          [1, "a", null],
        ],
      },
      {
        name: "inserted and deleted cancel out",
        before: [[1, "a", "b"]],
        changes: [
          ["insert", 2, "a", "b"],
          ["delete", 2, "a", "b"],
          ["delete", 1, "a", "b"],
          ["insert", 1, "a", "b"],
        ],
        after: [[1, "a", "b"]],
      },
      {
        name: "equal rows are added",
        before: [[1, null, null]],
        changes: [
          ["insert", 1, null, null],
          ["insert", 1, null, null],
          ["delete", 9, "was", "not there"],
        ],
        after: [
          [1, null, null],
          [1, null, null],
          [1, null, null],
        ],
      },
      {
        name: "truncation between",
        before: [
          [1, "a", "b"],
          [1, "a", "b"],
        ],
        changes: [["delete", 1, "a", "b"], "truncate", ["insert", 1, "a", "b"]],
        after: [[1, "a", "b"]],
      },
    ]

    for (const { name: what, before, changes, after } of counted) {
      test(`applied without a key: ${what}`, () =>
        withTable(
          before,
          async (destination, table, under) => {
            await destination.apply(pipeline, batchOf("2", await staged(destination, table, changes)))
            await assertRows(under, table, after)
            return undefined
          },
          true,
        ))
    }

    test("rows and position land together, over all tables, or not at all", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        const other = contractTable("other")
        await loaded(destination, pipeline, other, [])
        const good = await staged(destination, table, [["insert", 2, "x", "y"]])
        const bad = await staged(destination, other, [["insert", 1, "x", "y"]])
        const lost = { ...bad, parts: bad.parts.map((part) => ({ ...part, token: `${part.token}.lost` })) }
        await assert.rejects(destination.apply(pipeline, batchOf("2", good, lost)), Problem)
        await assertRows(under, table, [[1, "a", "b"]])
        assert.equal(await destination.position(pipeline), "1")
        // It can be applied again, whole.
        await destination.apply(pipeline, batchOf("2", good, bad))
        await assertRows(under, table, [
          [1, "a", "b"],
          [2, "x", "y"],
        ])
        await assertRows(under, other, [[1, "x", "y"]])
        return undefined
      }))

    test("what was applied is still there after a crash, what was only staged is not", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        await destination.apply(
          pipeline,
          batchOf("2", await staged(destination, table, [["insert", 2, "x", "y"]])),
        )
        await staged(destination, table, [["insert", 3, "x", "y"]])
        const again = await under.crash()
        const reopened = await again.warehouse.open(database)
        assert.equal(await reopened.position(pipeline), "2")
        assert.deepEqual(await reopened.tables(pipeline), [table])
        await assertRows(again, table, [
          [1, "a", "b"],
          [2, "x", "y"],
        ])
        await reopened.apply(pipeline, batchOf("3", await staged(reopened, table, [["delete", 1]])))
        await assertRows(again, table, [[2, "x", "y"]])
        return again
      }))

    test("a large batch is seen whole or not at all", () =>
      withTable([[0, "old", null]], async (destination, table, under) => {
        const rows = 200_000
        const changes: Change[] = Array.from({ length: rows }, (_, id) => ["update", id, "new", null])
        const whole = await staged(destination, table, changes, 60_000)
        const seen = new Set<number>()
        let isOver = false
        const reading = (async () => {
          while (!isOver)
            seen.add((await under.warehouse.countRows(database, pipeline)).get("public.t") ?? -1)
        })()
        await destination.apply(pipeline, batchOf("2", whole))
        isOver = true
        await reading
        assert.deepEqual(
          [...seen].filter((count) => count !== 1 && count !== rows),
          [],
        )
        return undefined
      }))

    test("a position can be advanced, and forgotten without taking the tables away", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        await destination.advance(pipeline, at("5"))
        assert.equal(await destination.position(pipeline), "5")
        await destination.forget(pipeline)
        await destination.forget(pipeline)
        assert.equal(await destination.position(pipeline), undefined)
        await assertRows(under, table, [[1, "a", "b"]])
        return undefined
      }))

    test("a stale table stays readable and is no longer named", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        await destination.apply(pipeline, { ...batchOf("2"), stale: [table] })
        assert.deepEqual(await destination.tables(pipeline), [])
        await assertRows(under, table, [[1, "a", "b"]])
        return undefined
      }))

    test("a dropped table goes with its batch, also when one of its name comes with it", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        const anew = { ...contractTable("t"), id: "another" }
        const load = await destination.beginLoad(pipeline, anew)
        await load.write(rowsOf(anew, [[7, "new", null]]))
        await load.settled()
        await destination.apply(pipeline, { ...batchOf("2"), dropped: [table], swaps: [anew] })
        load.close()
        assert.deepEqual(await destination.tables(pipeline), [anew])
        await assertRows(under, anew, [[7, "new", null]])
        await destination.apply(pipeline, { ...batchOf("3"), dropped: [anew] })
        await assert.rejects(under.read(database, anew))
        return undefined
      }))

    test("a copy made beside the stream goes live with a batch, its own late changes within", () =>
      withTable([[1, "old", "old"]], async (destination, table, under) => {
        const load = await destination.beginLoad(pipeline, table)
        await load.write(
          rowsOf(table, [
            [1, "copied", "b"],
            [2, "copied", "b"],
          ]),
        )
        await load.settled()
        await load.apply(
          await staged(destination, table, [
            ["update", 1, "late", unsent],
            ["delete", 2],
          ]),
        )
        await assertRows(under, table, [[1, "old", "old"]])
        await destination.apply(pipeline, {
          ...batchOf("2", await staged(destination, table, [["insert", 3, "with", "it"]])),
          swaps: [table],
        })
        load.close()
        await assertRows(under, table, [
          [1, "late", "b"],
          [3, "with", "it"],
        ])
        return undefined
      }))

    test("tables that exchange their names do not take away one another's place", () =>
      withTable([[1, "first", null]], async (destination, first, under) => {
        const second = contractTable("u")
        await loaded(destination, pipeline, second, [[2, "second", null]])
        const renamed = [
          { ...first, name: "u" },
          { ...second, name: "t" },
        ]
        const loads = await Promise.all(
          renamed.map(async (table, place) => {
            const load = await destination.beginLoad(pipeline, table)
            await load.write(rowsOf(table, [[place + 1, "renamed", null]]))
            await load.settled()
            return load
          }),
        )
        await destination.apply(pipeline, { ...batchOf("2"), swaps: renamed })
        for (const load of loads) load.close()
        await assertRows(under, { ...first, name: "u" }, [[1, "renamed", null]])
        await assertRows(under, { ...second, name: "t" }, [[2, "renamed", null]])
        assert.deepEqual((await destination.tables(pipeline)).map(qualifiedName).sort(), [
          "public.t",
          "public.u",
        ])
        return undefined
      }))

    test("a complete snapshot drops what is gone, and what went under another name", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        const gone = contractTable("gone")
        await loaded(destination, pipeline, gone, [[1, "x", null]])
        await destination.completeSnapshot(pipeline, [table, gone], at("2"))
        const renamed = { ...table, name: "renamed" }
        await loaded(destination, pipeline, renamed, [[1, "a", "b"]])
        await destination.completeSnapshot(pipeline, [renamed], at("3"))
        assert.deepEqual(await destination.tables(pipeline), [renamed])
        await assert.rejects(under.read(database, gone))
        await assert.rejects(under.read(database, table))
        await assertRows(under, renamed, [[1, "a", "b"]])
        return undefined
      }))

    test("a table made anew under a name in another case stays, where case is not told apart", () =>
      withTable([[1, "a", "b"]], async (destination, _, under) => {
        if (destination.capabilities.caseSensitiveNames) return undefined
        const anew = { ...contractTable("T"), id: "another" }
        await loaded(destination, pipeline, anew, [[2, "new", null]])
        await destination.completeSnapshot(pipeline, [anew], at("2"))
        await assertRows(under, anew, [[2, "new", null]])
        assert.deepEqual(await destination.tables(pipeline), [anew])
        return undefined
      }))

    test("another pipeline takes a database over", () =>
      withTable([[1, "a", "b"]], async (destination, table, under) => {
        const kept = { ...table, id: "in the other" }
        await loaded(destination, "other", kept, [[2, "x", null]])
        await destination.completeSnapshot("other", [kept], at("9"))
        assert.equal(await destination.position(pipeline), undefined)
        assert.deepEqual(await destination.tables(pipeline), [])
        assert.deepEqual(await destination.tables("other"), [kept])
        await assertRows(under, kept, [[2, "x", null]])
        return undefined
      }))

    test("many parts of a copy, more than wait at once, all arrive", () =>
      withOne(async (destination, under) => {
        const table = contractTable("t")
        const load = await destination.beginLoad(pipeline, table)
        for (let part = 0; part < 20; part++) {
          await load.write(
            rowsOf(
              table,
              Array.from({ length: 100 }, (_, row) => [part * 100 + row, "x", null]),
            ),
          )
        }
        await load.finish()
        assert.equal((await under.warehouse.countRows(database, pipeline)).get("public.t"), 2000)
        return undefined
      }))

    test("several calls at once do not mix", () =>
      withTable([], async (destination, table, under) => {
        const other = contractTable("other")
        const changes = await staged(destination, table, [["insert", 1, "x", null]])
        await Promise.all([
          destination.apply(pipeline, batchOf("2", changes)),
          loaded(destination, pipeline, other, [[1, "o", null]]),
          destination.position(pipeline),
          destination.tables(pipeline),
          destination.advance(pipeline, at("3")),
        ])
        await assertRows(under, table, [[1, "x", null]])
        await assertRows(under, other, [[1, "o", null]])
        assert.match(String(await destination.position(pipeline)), /^[23]$/)
        return undefined
      }))
  })
}

function sorted(rows: (number | string | null)[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort()
}
