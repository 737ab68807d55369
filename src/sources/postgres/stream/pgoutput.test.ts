import assert from "node:assert/strict"
import { test } from "node:test"
import { recordingSink } from "../../../../test/contract/sources/source-sink.ts"
import { randomFrom } from "../../../../test/replication/random.ts"
import { testSeed } from "../../../../test/support/seed.ts"
import { Problem } from "../../../domain/problems.ts"
import type { TableSchema } from "../../../domain/table.ts"
import type { PgTable } from "../catalog/catalog.ts"
import { mapType } from "../types/types.ts"
import { newPgOutput } from "./pgoutput.ts"

const int4 = 23
const text = 25
const unchanged = Symbol("unchanged")
type Field = string | null | typeof unchanged

function tableOf(id: number, name: string, key: number[] | undefined): PgTable {
  const columns = [int4, text].map((oid, index) => {
    const facts = { oid, modifier: -1, element: undefined }
    const mapping = mapType(facts)
    const name = `c${index}`
    const types = { mapping, facts, castsOtherwise: false, typeOid: oid, typeModifier: -1 }
    return { name, number: index + 1, xmin: "3", ...types }
  })
  const schema: TableSchema = {
    id: String(id),
    schema: "public",
    name,
    columns: columns.map((column) => ({ name: column.name, type: column.mapping.type, sourceType: "" })),
    key,
  }
  const identity = key === undefined ? "f" : "d"
  const rest = {
    isBare: false,
    leftOut: [],
    filenode: "1",
    storage: "1",
    attributes: 2,
    estimatedRows: 0,
    blocks: 0,
  }
  return { schema, columns, partitioned: false, identity, ...rest }
}

const u8 = (...values: number[]) => Buffer.from(values)
const u16 = (value: number) => u8(value >> 8, value & 255)
const u32 = (value: number) => Buffer.from(value.toString(16).padStart(8, "0"), "hex")
const u64 = (value: bigint) => Buffer.from(value.toString(16).padStart(16, "0"), "hex")
const letter = (character: string) => Buffer.from(character)
const zeroEnded = (value: string) => Buffer.from(`${value}\0`)

function tuple(fields: readonly Field[]): Buffer {
  return Buffer.concat([
    u16(fields.length),
    ...fields.map((field) => {
      if (field === null) return letter("n")
      if (field === unchanged) return letter("u")
      return Buffer.concat([letter("t"), u32(Buffer.byteLength(field)), Buffer.from(field)])
    }),
  ])
}

const messages = {
  begin: (lsn: bigint) => Buffer.concat([letter("B"), u64(lsn), u64(0n), u32(1)]),
  commit: (lsn: bigint, end: bigint, micros = 0n) =>
    Buffer.concat([letter("C"), u8(0), u64(lsn), u64(end), u64(micros)]),
  relation: (id: number, name: string, types = [int4, text], identity = "d", key = 0) =>
    Buffer.concat([
      letter("R"),
      u32(id),
      zeroEnded("public"),
      zeroEnded(name),
      letter(identity),
      u16(types.length),
      ...types.map((oid, index) =>
        Buffer.concat([
          u8(identity === "f" || index === key ? 1 : 0),
          zeroEnded(`c${index}`),
          u32(oid),
          u32(0xffffffff),
        ]),
      ),
    ]),
  insert: (id: number, row: Field[]) => Buffer.concat([letter("I"), u32(id), letter("N"), tuple(row)]),
  update: (id: number, row: Field[], old?: ["K" | "O", Field[]]) =>
    Buffer.concat([
      letter("U"),
      u32(id),
      ...(old ? [letter(old[0]), tuple(old[1])] : []),
      letter("N"),
      tuple(row),
    ]),
  remove: (id: number, kind: "K" | "O", row: Field[]) =>
    Buffer.concat([letter("D"), u32(id), letter(kind), tuple(row)]),
  truncate: (...ids: number[]) => Buffer.concat([letter("T"), u32(ids.length), u8(0), ...ids.map(u32)]),
}

function decoded(tables: PgTable[], list: readonly Buffer[]) {
  const sink = recordingSink()
  const decode = newPgOutput({
    tables: tables.map((table) => ({ table, confirmedBefore: 2 })),
    sink,
    select: () => true,
    server: { system: "7", timeline: 1 },
    last: { base: 0n, witness: undefined },
    given: 0n,
    expected: undefined,
  })
  for (const message of list) {
    // Among other bytes, as they come from the connection.
    const around = Buffer.concat([u8(1, 2, 3), message, u8(4, 5)])
    // The catalog knows nothing of the table any more.
    decode.message(around, 3, 3 + message.length)?.answer(new Map())
  }
  return { sink, decode }
}

const { begin, commit, relation, insert, update, remove, truncate } = messages
const inTransaction = (...list: Buffer[]) => [begin(100n), ...list, commit(100n, 0x1_0000_0080n)]
const kindsOf = (tables: PgTable[], ...list: Buffer[]) =>
  decoded(
    tables,
    inTransaction(relation(7, "t", [int4, text], tables[0]?.identity), ...list),
  ).sink.transactions.flatMap((one) => one.changes.map(({ kind, id }) => `${kind} ${id}`))

const keyed = tableOf(7, "t", [0])
const keyless = tableOf(7, "t", undefined)

test("a commit tells where a restart goes on, and when it was", () => {
  const { sink } = decoded([keyed], [begin(100n), commit(100n, 0x1_0000_0080n, 1_000_000n)])
  assert.deepEqual(sink.transactions, [
    { position: "1/80@7:1:1/80:0/64:1:0", committedAtMs: 946_684_801_000, changes: [] },
  ])
})

test("inserts, updates, deletes", () => {
  const kinds = kindsOf([keyed], insert(7, ["1", "a"]), update(7, ["1", "b"]), remove(7, "K", ["1", null]))
  assert.deepEqual(kinds, ["insert 1", "update 1", "delete 1"])
})

test("a changed key is a delete and an update, or a move where a column is left unsent", () => {
  assert.deepEqual(kindsOf([keyed], update(7, ["2", "b"], ["K", ["1", null]])), ["delete 1", "update 2"])
  assert.deepEqual(kindsOf([keyed], update(7, ["2", unchanged], ["K", ["1", null]])), [
    "moveFrom 1",
    "moveTo 2",
  ])
})

test("a full old row fills what is unsent, so that nothing has to move", () => {
  assert.deepEqual(kindsOf([keyed], update(7, ["2", unchanged], ["O", ["1", "big"]])), [
    "delete 1",
    "update 2",
  ])
  assert.deepEqual(kindsOf([keyed], update(7, ["1", unchanged], ["O", ["1", "big"]])), ["update 1"])
})

const named = tableOf(7, "t", [1])
const namedRelation = relation(7, "t", [int4, text], "d", 1)

test("a large key that did not change is taken from the old row, and the row does not move", () => {
  const list = inTransaction(
    namedRelation,
    update(7, ["1", unchanged], ["K", [null, "big"]]),
    update(7, ["2", "other"], ["K", [null, "big"]]),
    update(7, [unchanged, "third"], ["K", [null, "other"]]),
  )
  const [transaction] = decoded([named], list).sink.transactions
  const kinds = transaction?.changes.map(({ kind }) => kind)
  assert.deepEqual(kinds, ["update", "delete", "update", "moveFrom", "moveTo"])
})

test("an update that does not say which row it changed makes a resync", () => {
  const list = inTransaction(namedRelation, update(7, ["1", unchanged]), insert(7, ["2", "b"]))
  const { sink } = decoded([named], list)
  assert.match(sink.changed.join(), /large key the server did not send/)
  assert.deepEqual(sink.transactions[0]?.changes, [])
})

test("without a key every update is a delete and an insert of whole rows", () => {
  assert.deepEqual(kindsOf([keyless], update(7, ["1", "b"], ["O", ["1", "a"]])), ["delete 1", "update 1"])
})

test("truncation of several tables reaches those that are ours", () => {
  const tables = [keyed, tableOf(8, "u", [0])]
  const list = inTransaction(
    relation(7, "t"),
    relation(8, "u"),
    relation(9, "other"),
    truncate(7, 9, 8),
    insert(7, ["1", "a"]),
  )
  const { sink } = decoded(tables, list)
  assert.deepEqual(
    sink.transactions[0]?.changes.map(({ table, kind }) => `${kind} ${table}`),
    ["truncate t", "truncate u", "insert t"],
  )
})

test("relations that are not ours go by", () => {
  const { sink } = decoded([keyed], inTransaction(relation(9, "other"), insert(9, ["1", "a"])))
  assert.deepEqual(sink.transactions[0]?.changes, [])
})

test("another name, another type, another column: said once, then nothing more of the table", () => {
  for (const changed of [
    relation(7, "renamed"),
    relation(7, "t", [int4, int4]),
    relation(7, "t", [int4, text, int4]),
    relation(7, "t", [int4]),
  ]) {
    const list = inTransaction(
      relation(7, "t"),
      insert(7, ["1", "a"]),
      changed,
      insert(7, ["2", "b"]),
      relation(7, "t"),
      insert(7, ["3", "c"]),
    )
    const { sink } = decoded([keyed], list)
    assert.equal(sink.changed.length, 1)
    assert.deepEqual(
      sink.transactions[0]?.changes.map((change) => change.id),
      [1],
    )
  }
})

test("a value that does not fit fails its table once; described again, it does not come back", () => {
  const table = tableOf(7, "t", [0])
  const facts = { oid: 1700, modifier: ((10 << 16) | 2) + 4, element: undefined }
  const second = table.columns[1]
  if (second) Object.assign(second, { mapping: mapType(facts), facts, typeOid: 1700 })
  const list = inTransaction(
    relation(7, "t", [int4, 1700]),
    insert(7, ["1", "NaN"]),
    insert(7, ["2", "1.50"]),
    relation(7, "t", [int4, 1700]),
    insert(7, ["3", "1.50"]),
  )
  const { sink } = decoded([table], list)
  assert.equal(sink.failures.length, 1)
  assert.match(sink.failures[0] ?? "", /NaN/)
  assert.deepEqual(sink.transactions[0]?.changes, [])
})

test("a table included later begins with the transactions after its copy", () => {
  const { sink, decode } = decoded(
    [],
    [begin(100n), relation(7, "t"), insert(7, ["1", "a"]), commit(100n, 110n)],
  )
  decode.include(keyed, 300n)
  const feed = (list: Buffer[]) => {
    for (const message of list) decode.message(message, 0, message.length)
  }
  feed([begin(200n), insert(7, ["2", "b"]), truncate(7), commit(200n, 210n)])
  feed([begin(300n), insert(7, ["3", "c"]), commit(300n, 310n)])
  decode.exclude("7")
  feed([begin(400n), insert(7, ["4", "d"]), commit(400n, 410n)])
  assert.deepEqual(
    sink.transactions.map((one) => one.changes.map((change) => change.id)),
    [[], [], [3], []],
  )
})

test("a transaction that comes again after another connection goes on is passed over, rows, descriptions and all", () => {
  const described = inTransaction(relation(7, "t"), insert(7, ["1", "a"]))
  const { sink, decode } = decoded([keyed], described)
  const feed = (list: Buffer[]) => {
    for (const message of list) assert.equal(decode.message(message, 0, message.length), undefined)
  }
  const end = 0x1_0000_0080n
  decode.goOn({ start: 100n, given: end, expected: { commitLsn: 100n, xid: 1, committedAt: 0n } })
  const asBefore = relation(7, "t", [int4])
  feed(inTransaction(asBefore, insert(7, ["1"]), truncate(7), relation(7, "t"), insert(7, ["1", "a"])))
  feed([begin(end), insert(7, ["2", "b"]), commit(end, end + 8n)])
  assert.deepEqual(
    sink.transactions.map((one) => one.changes.map(({ kind, id }) => `${kind} ${id}`)),
    [["insert 1"], ["insert 2"]],
  )
  assert.deepEqual(sink.changed, [])
})

test("origin and type messages go by, an unknown one is an error", () => {
  assert.doesNotThrow(() => decoded([keyed], inTransaction(letter("O"), letter("Y"))))
  assert.throws(() => decoded([keyed], [letter("?")]), /unknown pgoutput message/)
})

test("unsent, null and empty are told apart", () => {
  const { sink, decode } = decoded([keyed], [begin(1n), relation(7, "t")])
  const table = sink.table(keyed.schema)
  const seen: string[] = []
  const { end, unchanged: note } = table
  table.unchanged = (column) => {
    seen.push(`unsent ${column}`)
    note(column)
  }
  table.end = (kind) => {
    const second = table.columns[1]
    seen.push(second?.nulls[0] === 1 ? "null" : `${second?.usedBytes} bytes`)
    end(kind)
  }
  for (const field of [null, "", unchanged, "ab"] as Field[]) {
    const message = update(7, ["1", field])
    decode.message(message, 0, message.length)
  }
  assert.deepEqual(seen, ["null", "4 bytes", "unsent 1", "null", "6 bytes"])
})

test("a field that its message does not hold is refused, not read from what lies behind", () => {
  const row = insert(7, ["1", "abc"])
  for (const length of [-1, -2, 4, 1000, 2 ** 31 - 1]) {
    const damaged = Buffer.from(row)
    damaged.writeInt32BE(length, row.length - 7)
    assert.throws(
      () => kindsOf([keyed], damaged, insert(7, ["2", "behind"])),
      (error: unknown) => error instanceof Problem && error.kind === "sourceProtocol",
      `length ${length}`,
    )
  }
})

test(`damaged messages end in an error or in rows`, () => {
  const random = randomFrom(testSeed)
  const whole = inTransaction(
    relation(7, "t"),
    insert(7, ["1", "a"]),
    update(7, ["2", unchanged], ["K", ["1", null]]),
    remove(7, "K", ["1", null]),
    truncate(7),
  )
  let refused = 0
  for (let round = 0; round < 3_000; round++) {
    const list = whole.map((message) => Buffer.from(message))
    const damaged = random.pick(list)
    for (let bytes = 1 + random.below(4); bytes > 0; bytes--)
      damaged[1 + random.below(damaged.length - 1)] = random.pick([0, 1, 127, 128, 255, random.below(256)])
    try {
      decoded([keyed], list)
    } catch (error) {
      assert.ok(error instanceof Error)
      refused++
    }
  }
  assert.ok(refused > 0)
})
