import assert from "node:assert/strict"
import { test } from "node:test"
import { engines } from "../../server/registries.ts"
import { defaultConfiguration } from "../load.ts"
import { reloaded, takeOver } from "./reload.ts"

const base = () => ({
  ...defaultConfiguration("/nowhere", engines),
  sources: [1, 2].map((n) => ({ arn: `arn:${n}`, engine: "postgres", url: `postgres://u:${n}@h/d` })),
})

test("what a reload applies is taken from the next configuration, what needs a restart stays and is named", () => {
  const current = base()
  const next = { ...base(), sources: [], throttling: { perSecond: 7, burst: 9 }, region: "eu-west-1" }
  const result = reloaded(current, { ...next, listen: { ...next.listen, http: { host: "h", port: 1 } } })
  assert.deepEqual(result.applied, ["sources", "throttling"])
  assert.deepEqual(result.restart, ["region", "listen.http"])
  const { configuration } = result
  assert.deepEqual(configuration.throttling, { perSecond: 7, burst: 9 })
  assert.deepEqual(configuration.sources, [])
  assert.equal(configuration.region, current.region)
  assert.deepEqual(configuration.listen, current.listen)
})

test("the same file again changes nothing", () => {
  const { applied, restart } = reloaded(base(), base())
  assert.deepEqual([applied, restart], [[], []])
})

test("lists are taken over in place: an entry that has not changed stays the same object", () => {
  const current = base()
  const { sources } = current
  const [first] = sources
  const next = base()
  takeOver(current, {
    ...next,
    sources: next.sources.map((one, at) => (at === 1 ? { ...one, url: "postgres://u:3@h/d" } : one)),
  })
  assert.equal(current.sources, sources)
  assert.equal(sources[0], first)
  assert.equal(sources[1]?.url, "postgres://u:3@h/d")
})
