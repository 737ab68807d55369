import assert from "node:assert/strict"
import { test } from "node:test"
import {
  type MergeableProfile,
  mainOf,
  mergedValues,
  type Resolution,
  type SourcedValue,
} from "./merged-fields.ts"

type Given = [value: string, atMs: number, source: number]

const [people, crm, web, shop] = [0, 1, 2, 3]

function profile(id: string, createdAtMs: number, fields: Record<string, Given>): MergeableProfile {
  const values = Object.entries(fields).map(([field, [value, atMs, source]]): [string, SourcedValue] => [
    field,
    { value, atMs, source },
  ])
  return { id, createdAtMs, values: new Map(values) }
}

function merged(all: MergeableProfile[], resolution: Resolution): Record<string, unknown> {
  const [main, ...others] = all
  assert.ok(main)
  const values = mergedValues(main, others, resolution)
  return Object.fromEntries([...values].map(([field, { value }]) => [field, value]))
}

const a = profile("a", 3, { FirstName: ["Ann", 1, crm], EmailAddress: ["old@x", 1, crm] })
const b = profile("b", 1, { EmailAddress: ["new@x", 9, web], "Attributes.tier": ["gold", 2, web] })
const c = profile("c", 2, { EmailAddress: ["crm@x", 5, crm], PhoneNumber: ["1", 5, crm] })

test("fields are united; the main profile's value counts, and that of a profile named for the field before", () => {
  const main = (fieldSources: [string, string][]) =>
    merged([a, b, c], { kind: "main", fieldSources: new Map(fieldSources) })
  const all = { FirstName: "Ann", EmailAddress: "old@x", "Attributes.tier": "gold", PhoneNumber: "1" }
  assert.deepEqual(main([]), all)
  assert.deepEqual(main([["EmailAddress", "b"]]), { ...all, EmailAddress: "new@x" })
  const { FirstName: _, ...withoutName } = all
  assert.deepEqual(main([["FirstName", "b"]]), withoutName)
})

test("by recency the newest value counts, by source that of the object type if there is one", () => {
  const by = (source: number | undefined) => merged([a, b, c], { kind: "newest", source })
  assert.equal(by(undefined).EmailAddress, "new@x")
  assert.equal(by(crm).EmailAddress, "crm@x")
  assert.equal(by(shop).EmailAddress, "new@x")
})

test("what a person set counts before what a source sent later", () => {
  const set = profile("d", 4, { EmailAddress: ["person@x", 2, people] })
  const newest = { kind: "newest", source: undefined } as const
  assert.equal(merged([a, b, set], newest).EmailAddress, "person@x")
})

test("the parts of an address come from one profile", () => {
  const home = profile("h", 5, { "Address.City": ["Bonn", 1, crm], "Address.State": ["NRW", 1, crm] })
  const away = profile("w", 6, { "Address.City": ["Ulm", 1, crm] })
  const fieldSources = new Map([["Address", "w"]])
  assert.deepEqual(merged([home, away], { kind: "main", fieldSources }), { "Address.City": "Ulm" })
  const newer = profile("n", 7, { "Address.City": ["Ulm", 2, crm] })
  assert.deepEqual(merged([home, newer], { kind: "newest", source: undefined }), { "Address.City": "Ulm" })
})

test("the order of the others changes nothing; the oldest profile stays", () => {
  const newest = { kind: "newest", source: undefined } as const
  const same = profile("z", 1, { EmailAddress: ["tie@x", 9, web] })
  const once = merged([a, b, c, same], newest)
  assert.deepEqual(merged([a, same, c, b], newest), once)
  assert.equal(mainOf([a, same, c, b])?.id, "b")
})
