import assert from "node:assert/strict"
import { test } from "node:test"
import type { AlertRule } from "../../domain/alerts/alert.ts"
import type { Integration } from "../../domain/integration.ts"
import { Problem, reportOf } from "../../domain/problems.ts"
import type { KnownAlert } from "../../state/alerts/alerts.ts"
import { changesOf, type Look } from "./look.ts"

const arn = "arn:aws:rds:us-east-1:123456789012:integration:1"
const began = new Date("2026-12-01T00:00:00Z")
const minutesLater = (minutes: number) => new Date(began.getTime() + minutes * 60_000)
const rule: AlertRule = { name: "broken", when: "failure", forMs: 120_000, integrations: [], to: [] }
const configuration = {
  channels: [{ name: "chat", kind: "slack" as const, url: "http://127.0.0.1/" }],
  rules: [rule],
}

function integration(...errors: Problem[]): Integration {
  const facts = { id: "1", arn, name: "bank", status: "needs_attention", errors: errors.map(reportOf) }
  return facts as unknown as Integration
}

const away = new Problem("sourceUnreachable", "Nothing answers.")
const silent = new Problem("unobserved", "Nobody reports.")

function looked(more: Partial<Look>, ...errors: Problem[]) {
  const seen = { integrations: [integration(...errors)], pipelines: [] }
  return changesOf({ configuration, seen, known: [], silences: [], now: began, ...more })
}

/** As the state database has it after the first look. */
function known(toldAt?: Date): KnownAlert[] {
  return looked({}, away).found.map((one) => ({ ...one, since: began, toldAt }))
}

const states = ({ messages }: ReturnType<typeof looked>) => messages.map(({ message }) => message.state)

test("what lasts as long as its rule says is told, once, with what to do and since when", () => {
  assert.deepEqual(states(looked({}, away)), [])
  assert.deepEqual(states(looked({ known: known(), now: minutesLater(1) }, away)), [])
  const due = looked({ known: known(), now: minutesLater(2) }, away)
  assert.deepEqual(states(due), ["firing"])
  const { message, remedy, since, eventId } = due.messages[0]?.message ?? assert.fail()
  assert.deepEqual([message, since], ["Nothing answers.", "2026-12-01T00:00:00.000Z"])
  assert.match(remedy, /^Start the source database/)
  assert.equal(eventId, "MILLRACE-INTEGRATION-EVENT-SOURCE_UNREACHABLE")
  assert.deepEqual(states(looked({ known: known(minutesLater(2)), now: minutesLater(3) }, away)), [])
})

test("its end is told to whom it was told, and to nobody where it was not", () => {
  assert.deepEqual(states(looked({ known: known(minutesLater(2)), now: minutesLater(9) })), ["recovered"])
  const never = looked({ known: known(), now: minutesLater(1) })
  assert.deepEqual([states(never), never.gone.length], [[], 1])
  const ruleless = { configuration: { ...configuration, rules: [] }, known: known(minutesLater(2)) }
  assert.deepEqual([states(looked(ruleless, away)), looked(ruleless, away).gone.length], [[], 1])
})

test("a silence holds back what begins; what still lasts after it is told", () => {
  const at = { known: known(), now: minutesLater(5) }
  for (const integrationArn of [arn, ""]) {
    const silences = [{ integrationArn, until: minutesLater(9), by: "admin" }]
    assert.deepEqual(states(looked({ ...at, silences }, away)), [])
  }
  const others = [{ integrationArn: "arn:other", until: minutesLater(9), by: "admin" }]
  assert.deepEqual(states(looked({ ...at, silences: others }, away)), ["firing"])
})

test("while nobody reports, what was found before neither ends nor begins", () => {
  const changes = looked({ known: known(minutesLater(2)), now: minutesLater(9) }, silent)
  assert.deepEqual([states(changes), changes.gone], [[], []])
  const reporting = { ...configuration, rules: [{ ...rule, when: "not_reporting" as const, forMs: 0 }] }
  const told = looked({ configuration: reporting }, silent, away)
  assert.deepEqual(
    told.messages.map(({ message }) => message.code),
    ["PIPELINE_STATE_UNKNOWN"],
  )
})
