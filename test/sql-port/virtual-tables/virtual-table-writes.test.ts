/** INSERT, UPDATE and DELETE of virtual tables, each by the caller's own rights, at once. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type pg from "pg"
import { Fault } from "../../../src/domain/faults.ts"
import type { Cell, VirtualTable } from "../../../src/query/virtual-table.ts"
import { PgError } from "../../../src/wire/pgwire/pg-error.ts"
import { testWarehouse } from "../warehouse.ts"

type Task = { owner: string; id: bigint; title: Cell; done: Cell; due: Cell }

/** Tasks of which everybody sees and changes the own ones. */
function tasksOf(held: Task[]): VirtualTable {
  const own = (user: string) => held.filter(({ owner }) => owner === user)
  const find = (user: string, id: Cell) => own(user).find((task) => task.id === id)
  const columns = [
    { name: "id", type: "bigint" },
    { name: "title", type: "text" },
    { name: "done", type: "boolean" },
    { name: "due", type: "timestamp" },
  ] as const
  return {
    name: "tasks",
    schema: "public",
    database: "dev",
    readableBy: "everyone",
    columns,
    rows: async ({ user }) => own(user).map(({ id, title, done, due }) => [id, title, done, due]),
    insert: async ({ user }, rows) => {
      for (const row of rows) {
        const id = row.get("id")
        if (typeof id !== "bigint") throw new PgError("23502", "a task needs an id")
        if (find(user, id)) throw new PgError("23505", `there is a task ${id}`)
        held.push({
          owner: user,
          id,
          title: row.get("title"),
          done: row.get("done") ?? false,
          due: row.get("due"),
        })
      }
      return rows.length
    },
    update: async ({ user }, updates) => {
      let count = 0
      for (const { row, changes } of updates) {
        if (changes.has("id")) throw new Fault("validation", "an id stays")
        const task = find(user, row.get("id"))
        if (task === undefined) continue
        Object.assign(task, Object.fromEntries(changes))
        count++
      }
      return count
    },
    delete: async ({ user }, rows) => {
      const gone = new Set(rows.map((row) => find(user, row.get("id"))))
      held.splice(0, held.length, ...held.filter((task) => !gone.has(task)))
      return gone.size
    },
  }
}

const readOnly: VirtualTable = {
  name: "sys_things",
  schema: "pg_catalog",
  readableBy: "everyone",
  columns: [{ name: "thing", type: "text" }],
  rows: async () => [["one"]],
}

async function code(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => undefined,
    (error: pg.DatabaseError) => error.code,
  )
}

const refused: [string, string][] = [
  ["INSERT INTO sys_things VALUES ('x')", "42809"],
  ["UPDATE pg_catalog.sys_things SET thing = 'x'", "42809"],
  ["DELETE FROM sys_things", "42809"],
  ["DELETE FROM sys_secrets", "42501"],
  ["UPDATE tasks SET id = 7", "22023"],
  ["INSERT INTO tasks (title) VALUES ('no id')", "23502"],
  ["INSERT INTO tasks (id, nothing) VALUES (1, 2)", "42703"],
  ["INSERT INTO tasks (id, id) VALUES (1, 2)", "42701"],
  ["UPDATE tasks SET nothing = 1", "42703"],
  ["UPDATE tasks SET title = 'a', title = 'b'", "42701"],
  ["INSERT INTO tasks (id, title) VALUES (1)", "42601"],
  ["INSERT INTO tasks (id) VALUES (1, 'too many')", "42601"],
  ["INSERT INTO tasks (id, title) VALUES ()", "42601"],
  ["INSERT INTO tasks (id) SELECT 1, 'too many'", "42P10"],
  ["INSERT INTO tasks (id) VALUES ('no number')", "22P02"],
  ["INSERT INTO tasks (id) VALUES (1) RETURNING id", "42601"],
  ["INSERT INTO tasks (id) VALUES (1)) UNION ALL (SELECT 2", "42601"],
  ["INSERT INTO tasks DEFAULT VALUES", "42601"],
  ["UPDATE tasks SET title = 'x' FROM tasks t2", "42601"],
  ["UPDATE tasks SET title = 'x' WHERE id = 2 RETURNING id", "42601"],
  ["UPDATE tasks SET title = 'x'), (SELECT 'y'", "42601"],
  ["UPDATE tasks SET title = read_text('/etc/passwd')", "42501"],
  ["DELETE FROM tasks USING tasks t2 WHERE true", "42601"],
  ["DELETE FROM tasks WHERE title = (SELECT position FROM shop.millrace.progress LIMIT 1)", "42501"],
  ["EXPLAIN DELETE FROM tasks", "0A000"],
  ["DECLARE c CURSOR WITH HOLD FOR DELETE FROM tasks", "0A000"],
]

test("changes of virtual tables", async (t) => {
  const held: Task[] = []
  const { client } = await testWarehouse(t, {
    virtualTables: [
      tasksOf(held),
      readOnly,
      { ...readOnly, name: "sys_secrets", readableBy: "administrators" },
    ],
  })
  const [admin, analyst] = [await client("admin", "dev"), await client("analyst", "dev")]
  const shown = async (one: pg.Client) =>
    (await one.query({ text: "SELECT id, title, done FROM tasks ORDER BY id", rowMode: "array" })).rows

  await t.test("rows come, change and go by each user's own statements, counted", async () => {
    const inserted = await analyst.query(
      "INSERT INTO tasks (id, title) VALUES (1, 'one'), (2, 'it''s; two'), ($1, $2)",
      ["3", "three"],
    )
    assert.deepEqual([inserted.command, inserted.rowCount], ["INSERT", 3])
    await admin.query(
      "INSERT INTO dev.public.tasks SELECT 1, 'of the admin', true, TIMESTAMP '2024-01-02 03:04:05.678'",
    )
    assert.deepEqual(held.at(-1)?.due, new Date("2024-01-02T03:04:05.678Z"))
    const updated = await analyst.query(
      "UPDATE tasks AS t SET title = upper(t.title) || (SELECT count(*) FROM tasks), done = t.id IN (1, 2) WHERE t.id >= $1",
      [2],
    )
    assert.deepEqual([updated.command, updated.rowCount], ["UPDATE", 2])
    assert.deepEqual(await shown(analyst), [
      ["1", "one", false],
      ["2", "IT'S; TWO3", true],
      ["3", "THREE3", false],
    ])
    const deleted = await analyst.query("DELETE FROM public.tasks WHERE id = 1 OR title LIKE 'THREE%'")
    assert.deepEqual([deleted.command, deleted.rowCount], ["DELETE", 2])
    assert.equal((await analyst.query("DELETE FROM tasks WHERE id = 99")).rowCount, 0)
    assert.deepEqual(await shown(analyst), [["2", "IT'S; TWO3", true]])
    assert.deepEqual(await shown(admin), [["1", "of the admin", true]])
  })

  await t.test("a prepared change runs again with other values", async () => {
    const add = (id: number) =>
      analyst.query({
        name: "add",
        text: "INSERT INTO tasks VALUES ($1, $2, NULL, NULL)",
        values: [id, `t${id}`],
      })
    assert.deepEqual([(await add(10)).rowCount, (await add(11)).rowCount], [1, 1])
    assert.equal(await code(add(11)), "23505")
    const rename = (id: number, title: string) =>
      analyst.query({
        name: "rename",
        text: "UPDATE tasks SET title = $2 WHERE id = $1",
        values: [id, title],
      })
    assert.deepEqual([(await rename(10, "ten")).rowCount, (await rename(11, "eleven")).rowCount], [1, 1])
    assert.deepEqual((await shown(analyst)).slice(1), [
      ["10", "ten", false],
      ["11", "eleven", false],
    ])
    assert.equal((await analyst.query("DELETE FROM tasks WHERE id >= 10")).rowCount, 2)
  })

  await t.test("what cannot be done is refused with its code, and changes nothing", async () => {
    const before = structuredClone(held)
    for (const [sql, expected] of refused) assert.equal(await code(analyst.query(sql)), expected, sql)
    assert.deepEqual(held, before)
  })

  await t.test("not inside a transaction block, whose ROLLBACK would not undo it", async () => {
    const before = structuredClone(held)
    await analyst.query("BEGIN")
    assert.equal(await code(analyst.query("DELETE FROM tasks")), "25001")
    assert.equal(await code(analyst.query("DELETE FROM tasks")), "25P02")
    await analyst.query("ROLLBACK")
    assert.deepEqual(held, before)
    const shop = await client("analyst", "shop")
    assert.equal(await code(shop.query("SELECT * FROM tasks")), "42P01", "another database has no such table")
  })
})
