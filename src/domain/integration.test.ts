import assert from "node:assert/strict"
import { describe, it } from "node:test"
import {
  deletableStatuses,
  destinationDatabase,
  destinationMistake,
  integrationStatuses,
  mayBecome,
  modifiableStatuses,
  statusesBefore,
  statusMayBecome,
} from "./integration.ts"
import { tableMayBecome, tableStates } from "./table.ts"
import { tagsMistake } from "./tags.ts"

describe("the life of an integration", () => {
  it("has only these ways", () => {
    const ways = integrationStatuses.map((from) => {
      const to = integrationStatuses.filter((status) => status !== from && statusMayBecome(from, status))
      return `${from} -> ${to.join(" ")}`
    })
    assert.deepEqual(ways, [
      "creating -> active failed syncing needs_attention",
      "active -> modifying failed deleting syncing needs_attention",
      "modifying -> active failed syncing needs_attention",
      "failed -> deleting",
      "deleting -> ",
      "syncing -> active modifying failed deleting needs_attention",
      "needs_attention -> active modifying failed deleting syncing",
    ])
  })

  it("goes on after a failure that was cured, and after no other", () => {
    const failed = (...codes: string[]) => ({
      status: "failed" as const,
      errors: codes.map((code) => ({ code, message: "" })),
    })
    for (const to of ["active", "syncing", "needs_attention"] as const) {
      assert.ok(mayBecome(failed("KMS_KEY_NOT_ACCESSIBLE", "TABLE_FAILED"), to))
      assert.ok(!mayBecome(failed("KMS_KEY_NOT_ACCESSIBLE", "SOURCE_NOT_AUTHORIZED"), to))
      assert.ok(!mayBecome(failed("SOURCE_UNREACHABLE"), to))
      assert.ok(!mayBecome(failed(), to))
    }
    assert.ok(!mayBecome(failed("KMS_KEY_NOT_ACCESSIBLE"), "creating"))
  })

  it("starts with creating and ends with deleting", () => {
    assert.deepEqual(statusesBefore("creating"), ["creating"])
    for (const status of deletableStatuses) assert.ok(statusMayBecome(status, "deleting"))
    for (const status of modifiableStatuses) assert.ok(statusMayBecome(status, "modifying"))
    assert.ok(!deletableStatuses.includes("creating"))
  })
})

describe("the destination database", () => {
  it("bears the integration's name, and the source database's where there are several", () => {
    assert.equal(destinationDatabase("my-shop-2", "db-1", false), "my_shop_2")
    assert.equal(destinationDatabase("my-shop-2", "db-1", true), "my_shop_2_db-1")
  })

  it("cannot bear names that are taken by nature, or too long", () => {
    for (const name of ["dev", "DEV", "awscc", "memory", "pg_catalog"])
      assert.match(destinationMistake(name) ?? "", /reserved/)
    assert.match(destinationMistake("x".repeat(128)) ?? "", /longer than 127 bytes/)
    assert.equal(destinationMistake("x".repeat(127)), undefined)
  })
})

describe("the life of a table", () => {
  it("has only these ways, for a pipeline and for an order", () => {
    const ways = (by: "pipeline" | "order") =>
      [undefined, ...tableStates].map((from) => {
        const to = tableStates.filter((state) => tableMayBecome(from, state, by))
        return `${from ?? "new"} -> ${to.join(" ")}`
      })
    assert.deepEqual(ways("pipeline"), [
      "new -> ResyncInitiated Failed",
      "ResyncInitiated -> ResyncInitiated Synced Failed ResyncRequired Deleted DroppedSource",
      "Synced -> Failed ResyncRequired Deleted DroppedSource",
      "Failed -> ResyncInitiated ResyncRequired Deleted DroppedSource",
      "ResyncRequired -> ResyncInitiated Failed Deleted DroppedSource",
      "Deleted -> ResyncInitiated Failed",
      "DroppedSource -> ResyncInitiated Failed",
    ])
    assert.deepEqual(ways("order"), [
      "new -> ",
      "ResyncInitiated -> ResyncRequired Deleted",
      "Synced -> ResyncRequired Deleted",
      "Failed -> ResyncRequired Deleted",
      "ResyncRequired -> Deleted",
      "Deleted -> ",
      "DroppedSource -> ",
    ])
  })
})

describe("tags", () => {
  const many = (count: number) => Array.from({ length: count }, (_, n) => ({ key: `k${n}`, value: "" }))
  const refused: [words: RegExp, tags: { key: string; value: string }[]][] = [
    [/at most 50/, many(51)],
    [/given twice/, [...many(1), ...many(1)]],
    [/aws:, which is reserved/, [{ key: "AWS:x", value: "" }]],
    [/rds:, which is reserved/, [{ key: "rds:x", value: "" }]],
    [/1 to 128/, [{ key: "", value: "" }]],
    [/1 to 128/, [{ key: "k".repeat(129), value: "" }]],
    [/more than 256/, [{ key: "k", value: "v".repeat(257) }]],
    [/may hold only/, [{ key: "k", value: "<b>" }]],
    [/may hold only/, [{ key: "k\n", value: "" }]],
  ]
  for (const [words, tags] of refused) {
    it(`${words.source}: ${tags.length} like ${JSON.stringify(tags[0]).slice(0, 40)}`, () => {
      assert.match(tagsMistake(tags)?.message ?? "", words)
    })
  }

  it("at the limits are taken", () => {
    assert.equal(
      tagsMistake([...many(49), { key: "Ü".repeat(128), value: "a_b.c:/=+-@ é".padEnd(256, "x") }]),
      undefined,
    )
  })
})
