import assert from "node:assert/strict"
import { after, before, beforeEach, describe, it } from "node:test"
import type { Caller, ControlPlane } from "../../src/control-plane/control-plane.ts"
import {
  type CreateIntegrationInput,
  createIntegration,
  deleteIntegration,
  describeIntegrations,
} from "../../src/control-plane/integrations/integrations.ts"
import { modifyIntegration } from "../../src/control-plane/integrations/modify-integration.ts"
import type { DatabaseSource, Role } from "../../src/domain/configuration.ts"
import { Fault, type FaultKind } from "../../src/domain/faults.ts"
import { deletableStatuses, integrationStatuses, modifiableStatuses } from "../../src/domain/integration.ts"
import { engines } from "../../src/server/registries.ts"
import { openStore, type Store } from "../../src/state/store.ts"
import { type TestDatabase, testDatabase } from "../support/postgres.ts"

const targetArn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
const otherTargetArn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/other"
const admin: Caller = { name: "AKIDADMIN", role: "admin" }
const caller = (role: Role): Caller => ({ name: "AKIDX", role })

function source(name: string): DatabaseSource {
  const arn = `arn:aws:rds:us-east-1:123456789012:db:${name}`
  return { arn, engine: "postgres", url: "postgres://u:s3cret@h/d" }
}

const warehouse = (arn: string) => ({ arn, cluster: arn, engine: "duckdb", autoCreateDatabase: true })

let database: TestDatabase
let store: Store
let nudges = 0
let plane: ControlPlane
let made = 0

/** A create that excludes no other. */
function wish(changes: Partial<CreateIntegrationInput> = {}): CreateIntegrationInput {
  const n = made++
  return {
    service: "rds",
    sourceArn: `arn:aws:rds:us-east-1:123456789012:db:s${n}`,
    targetArn,
    integrationName: `wish-${n}`,
    dataFilter: "include: shop.public.*",
    ...changes,
  }
}

const fault =
  (kind: FaultKind, words: RegExp = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof Fault, String(error))
    assert.equal(error.kind, kind)
    assert.match(error.message, words)
    assert.doesNotMatch(JSON.stringify(error), /s3cret/)
    return true
  }

describe("the service of integrations", () => {
  before(async () => {
    database = await testDatabase()
    store = await openStore(database.url, { quotas: { perAccount: 1_000, perTarget: 1_000, perSource: 5 } })
    plane = {
      account: "123456789012",
      region: "us-east-1",
      sources: Array.from({ length: 40 }, (_, n) => source(`s${n}`)),
      warehouses: [warehouse(targetArn), warehouse(otherTargetArn)],
      kmsKeys: [],
      sourceEngines: engines.sources,
      sqlEndpoint: () => ({ host: "127.0.0.1", port: 5439, database: "dev" }),
      store,
      nudge: () => nudges++,
    }
  })
  after(async () => {
    await store.close()
    await database.drop()
  })
  beforeEach(() => {
    nudges = 0
  })

  describe("creating an integration", () => {
    it("records it, answers `creating` at once, and asks the reconciler to look", async () => {
      const input = wish({ integrationName: "My-Shop", description: "d", tags: [{ key: "k", value: "v" }] })
      const answer = await createIntegration(plane, admin, input)
      assert.equal(answer.status, "creating")
      assert.equal(answer.arn, `arn:aws:rds:us-east-1:123456789012:integration:${answer.id}`)
      assert.deepEqual(
        { ...answer, id: "", arn: "", createdAt: new Date(0) },
        {
          id: "",
          arn: "",
          service: "rds",
          name: "My-Shop",
          description: "d",
          sourceArn: input.sourceArn,
          targetArn,
          isFilterPending: false,
          dataFilter: "include: shop.public.*",
          kmsKeyId: undefined,
          additionalEncryptionContext: {},
          tags: [{ key: "k", value: "v" }],
          status: "creating",
          errors: [],
          createdAt: new Date(0),
        },
      )
      assert.deepEqual(await store.integrations.byId(answer.id), answer)
      assert.deepEqual(await store.integrations.destinations(answer.id), [
        { sourceDatabase: "shop", destinationDatabase: "My_Shop" },
      ])
      assert.equal(nudges, 1)
    })

    it("reserves one warehouse database for each database the filter names", async () => {
      const dataFilter = "include: shop.*.*, include: crm.public.customers"
      const { id } = await createIntegration(plane, admin, wish({ integrationName: "two-fold", dataFilter }))
      assert.deepEqual(await store.integrations.destinations(id), [
        { sourceDatabase: "crm", destinationDatabase: "two_fold_crm" },
        { sourceDatabase: "shop", destinationDatabase: "two_fold_shop" },
      ])
    })

    const refusals: [
      name: string,
      kind: FaultKind,
      words: RegExp,
      changes: Partial<CreateIntegrationInput>,
    ][] = [
      ["source", "sourceNotFound", /db:none/, { sourceArn: "arn:aws:rds:us-east-1:123456789012:db:none" }],
      ["target", "targetNotFound", /namespace\/none/, { targetArn: targetArn.replace("main", "none") }],
      ["no filter", "invalidValue", /must contain at least one include statement/, { dataFilter: undefined }],
      ["filter", "invalidValue", /three parts/, { dataFilter: "include: a.b" }],
      ["twins", "invalidValue", /only in case/, { dataFilter: "include: shop.*.*, include: SHOP.*.*" }],
      ["name", "validation", /IntegrationName/, { integrationName: "a--b" }],
      ["reserved name", "invalidValue", /dev, which is reserved/, { integrationName: "dev" }],
      ["description", "validation", /1000/, { description: "x".repeat(1001) }],
      ["character", "validation", /NUL/, { description: "a\0b" }],
      ["key", "kmsKeyNotAccessible", /No key k /, { kmsKeyId: "k", additionalEncryptionContext: { a: "b" } }],
      [
        "context without key",
        "invalidCombination",
        /needs KMSKeyId/,
        { additionalEncryptionContext: { a: "b" } },
      ],
      ["tags", "invalidTag", /reserved/, { tags: [{ key: "aws:x", value: "" }] }],
    ]
    for (const [name, kind, words, changes] of refusals) {
      it(`refuses a wrong ${name} and records nothing`, async () => {
        const count = (await store.integrations.all()).length
        await assert.rejects(createIntegration(plane, admin, wish(changes)), fault(kind, words))
        assert.equal((await store.integrations.all()).length, count)
        assert.equal(nudges, 0)
      })
    }
  })

  describe("describing integrations", () => {
    it("finds one by ARN, id and name, also when the name looks like an id", async () => {
      const integrationName = "a0000000-0000-4000-8000-000000000000"
      const wanted = await createIntegration(plane, admin, wish({ integrationName }))
      for (const integrationIdentifier of [wanted.arn, wanted.id, wanted.name]) {
        assert.deepEqual(
          await describeIntegrations(plane, admin, { service: "rds", integrationIdentifier, limit: 100 }),
          {
            integrations: [wanted],
            next: undefined,
          },
        )
      }
    })

    for (const integrationIdentifier of [
      "nobody",
      "arn:aws:rds:us-east-1:123456789012:integration:00000000-0000-4000-8000-000000000000",
      "00000000-0000-4000-8000-000000000000",
      "arn:",
      "'; drop table x; --",
      "a\0b",
    ]) {
      it(`says that there is no ${JSON.stringify(integrationIdentifier)}`, async () => {
        await assert.rejects(
          describeIntegrations(plane, admin, { service: "rds", integrationIdentifier, limit: 100 }),
          fault("integrationNotFound"),
        )
      })
    }

    it("pages through all, each once", async () => {
      while ((await store.integrations.all()).length < 7) await createIntegration(plane, admin, wish())
      const all = await store.integrations.all()
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = await describeIntegrations(plane, admin, { service: "rds", after, limit: 3 })
        assert.ok(page.integrations.length > 0 && page.integrations.length <= 3)
        seen.push(...page.integrations.map(({ id }) => id))
        after = page.next
      } while (after !== undefined)
      assert.deepEqual(
        seen,
        all.map(({ id }) => id),
      )
      const whole = await describeIntegrations(plane, admin, { service: "rds", limit: all.length })
      assert.equal(whole.next, undefined)
    })

    for (const after of ["", "x", "1.x", "1", "9999999999999999.00000000-0000-4000-8000-000000000000"]) {
      it(`refuses the foreign marker ${JSON.stringify(after)}`, async () => {
        await assert.rejects(
          describeIntegrations(plane, admin, { service: "rds", after, limit: 20 }),
          fault("invalidValue", /marker/),
        )
      })
    }
  })

  describe("modifying an integration", () => {
    it("changes name and description, clears a description, keeps what is not named", async () => {
      const { id, arn } = await createIntegration(plane, admin, wish({ description: "old" }))
      await store.integrations.setStatus(id, "active", [])
      const renamed = await modifyIntegration(plane, admin, {
        service: "rds",
        integrationIdentifier: id,
        integrationName: "renamed",
      })
      assert.deepEqual([renamed.name, renamed.description, renamed.status], ["renamed", "old", "active"])
      const cleared = await modifyIntegration(plane, admin, {
        service: "rds",
        integrationIdentifier: arn,
        description: "",
      })
      assert.deepEqual([cleared.name, cleared.description], ["renamed", undefined])
      assert.deepEqual(await store.integrations.byId(id), cleared)
    })

    it("refuses a taken name", async () => {
      const [first, second] = [
        await createIntegration(plane, admin, wish()),
        await createIntegration(plane, admin, wish()),
      ]
      await store.integrations.setStatus(second.id, "active", [])
      await assert.rejects(
        modifyIntegration(plane, admin, {
          service: "rds",
          integrationIdentifier: second.id,
          integrationName: first.name,
        }),
        fault("integrationExists", new RegExp(first.name)),
      )
    })

    it("is modifying with another filter, not with another spelling of the same; of two at once, or of it and a deletion, one wins", async () => {
      const { id } = await createIntegration(plane, admin, wish())
      await store.integrations.setStatus(id, "active", [])
      const filter = (dataFilter: string) =>
        modifyIntegration(plane, admin, { service: "rds", integrationIdentifier: id, dataFilter })
      assert.equal((await filter("INCLUDE:shop.public.*")).status, "active")
      await assert.rejects(filter("include: shop.*"), fault("invalidValue", /three parts/))
      assert.equal(await oneWins([filter("include: shop.*.*"), filter("include: crm.*.*")]), "modifying")
      await store.integrations.setStatus(id, "active", [])
      const which = { service: "rds", integrationIdentifier: id } as const
      await oneWins([filter("include: hr.*.*"), deleteIntegration(plane, admin, which)])
    })

    /** The status that the winner brings about; the other hears of it. */
    async function oneWins(calls: Promise<{ status: string }>[]): Promise<string> {
      const { status } = await Promise.any(calls)
      const [lost, none] = (await Promise.allSettled(calls)).filter((one) => one.status === "rejected")
      assert.ok(!none && fault("integrationInWrongState", new RegExp(`is ${status}`))(lost?.reason))
      return status
    }
  })

  describe("deleting an integration", () => {
    it("marks it, asks the reconciler to look, and cannot be asked twice", async () => {
      const { id } = await createIntegration(plane, admin, wish())
      await store.integrations.setStatus(id, "needs_attention", [{ code: "X", message: "y" }])
      nudges = 0
      const answer = await deleteIntegration(plane, admin, { service: "rds", integrationIdentifier: id })
      assert.equal(answer.status, "deleting")
      assert.equal(nudges, 1)
      await assert.rejects(
        deleteIntegration(plane, admin, { service: "rds", integrationIdentifier: id }),
        fault("integrationInWrongState", /is deleting/),
      )
      await store.integrations.remove(id)
      await assert.rejects(
        deleteIntegration(plane, admin, { service: "rds", integrationIdentifier: id }),
        fault("integrationNotFound"),
      )
    })
  })

  describe("statuses in which an integration may be changed", () => {
    for (const status of integrationStatuses) {
      it(status, async () => {
        const change = async (
          allowed: readonly string[],
          act: (integrationIdentifier: string) => Promise<unknown>,
        ) => {
          const { integration, destinations } = await inStatus(status)
          await store.integrations.insert(integration, destinations)
          if (allowed.includes(status)) await act(integration.id)
          else await assert.rejects(act(integration.id), fault("integrationInWrongState", new RegExp(status)))
        }
        await change(modifiableStatuses, (integrationIdentifier) =>
          modifyIntegration(plane, admin, { service: "rds", integrationIdentifier, description: "new" }),
        )
        await change(deletableStatuses, (integrationIdentifier) =>
          deleteIntegration(plane, admin, { service: "rds", integrationIdentifier }),
        )
      })
    }

    async function inStatus(status: (typeof integrationStatuses)[number]) {
      const created = await createIntegration(plane, admin, wish())
      const destinations = await store.integrations.destinations(created.id)
      await store.integrations.remove(created.id)
      return { integration: { ...created, status }, destinations }
    }
  })

  describe("who may do what", () => {
    const calls: [name: string, reader: boolean, call: (by: Caller) => Promise<unknown>][] = [
      ["create", false, (by) => createIntegration(plane, by, wish())],
      ["describe", true, (by) => describeIntegrations(plane, by, { service: "rds", limit: 20 })],
      [
        "modify",
        false,
        (by) => modifyIntegration(plane, by, { service: "rds", integrationIdentifier: "nobody" }),
      ],
      [
        "delete",
        false,
        (by) => deleteIntegration(plane, by, { service: "rds", integrationIdentifier: "nobody" }),
      ],
    ]
    for (const [name, reader, call] of calls) {
      it(name, async () => {
        if (reader) await call(caller("read-only"))
        else await assert.rejects(call(caller("read-only")), fault("accessDenied", /read-only/))
        await assert.rejects(call(caller("partner:Acme")), fault("accessDenied", /partner:Acme/))
      })
    }
  })
})
