import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import type pg from "pg"
import { type AnswerCase, catalogCases, statementCases } from "./answers.ts"
import { clientsWarehouse } from "./shop.ts"

/** Intervals as the port sends them. */
const intervalOid = 1186
const intervalArrayOid = 1187

async function answerOf(client: pg.Client, { sql, values }: AnswerCase): Promise<unknown[][]> {
  const types = {
    getTypeParser: (oid: number, format?: "text" | "binary") =>
      oid === intervalOid || oid === intervalArrayOid ? String : client.getTypeParser(oid, format as "text"),
  }
  const answer = await client.query({ text: sql, values: values ?? [], rowMode: "array", types })
  return answer.rows
}

async function check(client: pg.Client, one: AnswerCase): Promise<void> {
  const { answer } = one
  if (Array.isArray(answer)) assert.deepEqual(await answerOf(client, one), answer)
  else
    await assert.rejects(answerOf(client, one), (error: pg.DatabaseError) => {
      assert.equal(error.code, answer.code, error.message)
      assert.ok(error.message.includes(answer.says ?? ""), error.message)
      return true
    })
}

async function checkAll(t: TestContext, client: pg.Client, cases: readonly AnswerCase[]): Promise<void> {
  for (const one of cases) await t.test(one.about, () => check(client, one))
}

test("clients get the answers that they act on", async (t) => {
  const warehouse = await clientsWarehouse(t)
  await t.test("statements", async (t) => {
    await checkAll(t, await warehouse.client("admin", "shop"), statementCases)
  })
  for (const user of ["admin", "analyst"])
    await t.test(`catalogs, to ${user}`, async (t) => {
      await checkAll(t, await warehouse.client(user, "shop"), catalogCases)
    })
})
