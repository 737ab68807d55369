import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { audited, auditReport } from "../../src/control-plane/audit/audit.ts"
import type { AuditedCall } from "../../src/domain/audit.ts"
import { Fault } from "../../src/domain/faults.ts"
import { storeForTests } from "../state/integration-fixture.ts"
import { waitUntil } from "../support/wait-until.ts"

const log = { error: () => assert.fail("an entry could not be ended") }
const admin = { name: "AKID", role: "admin" } as const

function call(changes: Partial<AuditedCall> = {}): AuditedCall {
  return {
    requestId: "id",
    door: "millrace",
    operation: "Resync",
    accessKeyId: "AKID",
    policy: "admin",
    address: undefined,
    resource: undefined,
    parameters: {},
    ...changes,
  }
}

describe("the audit trail", () => {
  const state = storeForTests()
  const run = (changes: Partial<AuditedCall>) =>
    audited(
      { store: state.store.audit, log },
      call(changes),
      async () => "done",
      () => undefined,
    )
  const newest = async () => (await state.store.audit.list({ since: undefined, limit: 1 }))[0]

  test("takes whatever a caller may send", async () => {
    const nested = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`)
    const texts = ["\0", "\u{D800}", "x".repeat(5_000), "🎉".repeat(2_000), "\u{1b}[2J"]
    for (const text of texts) {
      assert.equal(await run({ resource: text, parameters: { [text]: text } }), "done")
      assert.equal((await newest())?.outcome, "ok")
    }
    await run({ parameters: { nested } })
    assert.ok(JSON.stringify((await newest())?.parameters).length < 100)
    await run({ parameters: { many: Array.from({ length: 200_000 }, () => "x") } })
    assert.deepEqual((await newest())?.parameters, { cut: "too large" })
  })

  test("a call that has not ended has no outcome; one that fails has its kind, and fails still", async () => {
    const open = Promise.withResolvers<void>()
    const running = audited(
      { store: state.store.audit, log },
      call({ operation: "Slow" }),
      () => open.promise,
      () => "named by the answer",
    )
    const begun = async () => ((await newest())?.operation === "Slow" ? true : undefined)
    await waitUntil(begun, { what: "the entry of the call", timeoutMs: 60_000 })
    assert.equal((await newest())?.outcome, undefined)
    open.resolve()
    await running
    assert.equal((await newest())?.outcome, "ok")
    assert.equal((await newest())?.resource, "named by the answer")

    const failing = audited(
      { store: state.store.audit, log },
      call(),
      () => Promise.reject(new Fault("accessDenied", "no")),
      () => undefined,
    )
    await assert.rejects(failing, (error) => error instanceof Fault && error.kind === "accessDenied")
    assert.equal((await newest())?.outcome, "accessDenied")
  })

  const refused = async (changes: Partial<AuditedCall>) => {
    const no = () => Promise.reject(new Fault("accessDenied", "no"))
    const calling = audited({ store: state.store.audit, log }, call(changes), no, () => undefined)
    await assert.rejects(calling, (error) => error instanceof Fault)
  }

  test("of a refused call little is kept, whatever it carried", async () => {
    const large = [
      { text: "x".repeat(100_000) },
      { texts: Array.from({ length: 99 }, () => "x".repeat(999)) },
      Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`name${at}`, at])),
      { empty: Array.from({ length: 20_000 }, () => [[]]) },
      { control: "\u{1b}".repeat(90_000), moreRefused: "not a number" },
    ]
    for (const [at, parameters] of large.entries()) {
      await refused({ accessKeyId: `AKIDLARGE${at}`, resource: "r".repeat(50_000), parameters })
      const entry = await newest()
      assert.equal(entry?.outcome, "accessDenied")
      assert.ok(JSON.stringify(entry).length < 4_000, JSON.stringify(entry).slice(0, 200))
    }
    await refused({ accessKeyId: "AKIDPLAIN", parameters: { integration: "bank", table: "public.t" } })
    assert.deepEqual((await newest())?.parameters, { integration: "bank", table: "public.t" })
  })

  test("a key that is refused all the time pushes no change out, and each refusal is counted", async () => {
    const change = { requestId: "the change", operation: "Change", parameters: { a: "b" } }
    await run(change)
    const flood = { accessKeyId: "AKIDFLOOD", parameters: { text: "x".repeat(900) } }
    for (let sent = 0; sent < 400; sent += 40)
      await Promise.all(Array.from({ length: 40 }, () => refused(flood)))
    const entries = await state.store.audit.list({ since: undefined, limit: 10_000 })
    const own = entries.filter(({ accessKeyId }) => accessKeyId === flood.accessKeyId)
    assert.ok(own.length < 200, `${own.length} entries`)
    const counted = own.map(({ parameters }) =>
      "moreRefused" in parameters ? Number(parameters.moreRefused) : 0,
    )
    assert.equal(
      counted.reduce((sum, one) => sum + 1 + one, 0),
      400,
    )
    const changes = entries.filter(({ operation }) => operation === "Change")
    assert.deepEqual(
      changes.map(({ requestId, parameters }) => ({ requestId, operation: "Change", parameters })),
      [change],
    )
  })

  test("the report says when there is more, and is for admins only", async () => {
    const { entries, more } = await auditReport(state.store.audit, admin, { since: undefined, limit: 2 })
    assert.equal(entries.length, 2)
    assert.ok(more)
    assert.ok((entries[0]?.id ?? 0) < (entries[1]?.id ?? 0))
    const later = { since: new Date(Date.now() + 60_000), limit: 2 }
    assert.deepEqual(await auditReport(state.store.audit, admin, later), { entries: [], more: false })
    const reader = { name: "AKID", role: "read-only" } as const
    await assert.rejects(auditReport(state.store.audit, reader, later), /may not read the audit trail/)
  })
})
