import assert from "node:assert/strict"
import { after, before, beforeEach, test } from "node:test"
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api"
import { type Transaction, transactionOn } from "../../src/query/duckdb/session/transaction.ts"
import { PgError } from "../../src/wire/pgwire/pg-error.ts"

/** Over an engine of its own, in memory. */
let instance: DuckDBInstance
let connection: DuckDBConnection
let transaction: Transaction
let mayWrite: boolean
let isReadOnly: boolean
let ends: number

before(async () => {
  instance = await DuckDBInstance.create(":memory:")
  connection = await instance.connect()
})
after(() => {
  connection.closeSync()
  instance.closeSync()
})
beforeEach(async () => {
  await connection.run("CREATE OR REPLACE TABLE t (id integer)")
  mayWrite = true
  isReadOnly = false
  ends = 0
  transaction = transactionOn(
    connection,
    () => mayWrite,
    () => isReadOnly,
  )
  transaction.onEnd(() => ends++)
})

async function insert(id: number): Promise<void> {
  await transaction.ensure()
  await connection.run(`INSERT INTO t VALUES (${id})`)
  transaction.wrote()
}

async function ids(): Promise<unknown[]> {
  return (await (await connection.run("SELECT id FROM t ORDER BY id")).getRows()).flat()
}

const hasCode = (code: string) => (error: unknown) => error instanceof PgError && error.code === code

test("an implicit transaction is kept at the end of its batch, or not if the batch failed", async () => {
  await insert(1)
  assert.equal(transaction.status(), "I")
  await transaction.endImplicit(false)
  await insert(2)
  await transaction.endImplicit(true)
  assert.deepEqual([await ids(), ends], [[1], 2])
})

test("what came before BEGIN in a batch belongs to the transaction", async () => {
  await insert(1)
  await transaction.begin(false)
  await transaction.endImplicit(false)
  assert.deepEqual([transaction.status(), ends], ["T", 0])
  await transaction.rollback()
  assert.deepEqual([await ids(), transaction.status()], [[], "I"])
})

test("a failed transaction refuses everything until its end, and its COMMIT is a ROLLBACK", async () => {
  await transaction.begin(false)
  await insert(1)
  await transaction.fail()
  assert.equal(transaction.status(), "E")
  await assert.rejects(transaction.ensure(), hasCode("25P02"))
  assert.equal(await transaction.commit(), "ROLLBACK")
  assert.deepEqual([await ids(), transaction.status()], [[], "I"])
})

test("a transaction goes on from a savepoint after a statement that could not be prepared", async () => {
  await transaction.begin(false)
  await insert(1)
  transaction.savepoint("s")
  await transaction.fail()
  assert.equal(transaction.status(), "E")
  await transaction.rollbackTo("s")
  assert.equal(transaction.status(), "T")
  assert.equal(await transaction.commit(), "COMMIT")
  assert.deepEqual(await ids(), [1])
})

test("a transaction begins anew at a savepoint before which nothing was changed", async () => {
  await transaction.begin(false)
  transaction.savepoint("s")
  await insert(1)
  await transaction.rollbackTo("s")
  await insert(2)
  assert.equal(await transaction.commit(), "COMMIT")
  assert.deepEqual(await ids(), [2])
})

test("changes on both sides of a savepoint cannot be undone one by one", async () => {
  await transaction.begin(false)
  await insert(1)
  transaction.savepoint("s")
  await insert(2)
  await assert.rejects(transaction.rollbackTo("s"), hasCode("0A000"))
  await transaction.rollback()
  await assert.rejects(transaction.rollbackTo("s"), hasCode("25P01"))
})

test("the engine itself refuses what changes rows where nothing may be written, or where nothing is to be", async () => {
  mayWrite = false
  await assert.rejects(insert(1), /read-only/)
  await transaction.rollback()
  mayWrite = true
  isReadOnly = false
  await transaction.begin(true)
  await assert.rejects(insert(1), /read-only/)
  await transaction.rollback()
  mayWrite = false
  await transaction.ensureWriting()
  await insert(1)
  await transaction.endImplicit(false)
  assert.deepEqual(await ids(), [1])
})

test("by default read-only, implicit and explicit transactions take no change, and READ WRITE overrides", async () => {
  isReadOnly = true
  assert.throws(() => transaction.assertWritable("INSERT"), hasCode("25006"))
  await assert.rejects(insert(1))
  await transaction.endImplicit(true)
  await transaction.begin(false)
  await insert(2)
  await transaction.commit()
  assert.deepEqual(await ids(), [2])
})

test("SET TRANSACTION READ ONLY behind a change keeps the change", async () => {
  await transaction.begin(false)
  await insert(1)
  await transaction.setMode(true)
  assert.throws(() => transaction.assertWritable("INSERT"), hasCode("25006"))
  await assert.rejects(transaction.setMode(false), hasCode("25001"))
  await transaction.commit()
  assert.deepEqual(await ids(), [1])
})
