import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import {
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  ModifyIntegrationCommand,
  paginateDescribeIntegrations,
} from "@aws-sdk/client-rds"
import fc from "fast-check"
import { defaultKeyArn } from "../../../src/domain/default-key.ts"
import { isXmlText } from "../../../src/wire/shapes/constraints.ts"
import { testSeed } from "../../support/seed.ts"
import { account, instanceArn, region, type ServedDoor, serveDoor, targetArn } from "../served-door.ts"
import { createCommand, rdsClient, refusal } from "./client.ts"

describe("the RDS door and the official client", () => {
  let door: ServedDoor
  let client: ReturnType<typeof rdsClient>
  before(async () => {
    door = await serveDoor()
    client = rdsClient(door.endpoint)
  })
  after(async () => {
    client.destroy()
    await door.close()
  })

  async function forgetAll(): Promise<void> {
    await door.sql("delete from millrace.integrations")
  }

  test("an integration's life: create, describe three ways, modify, delete", async () => {
    await forgetAll()
    const created = await client.send(
      createCommand("life", { Description: "first", Tags: [{ Key: "team", Value: "data: ops+1=@x/y" }] }),
    )
    assert.equal(created.Status, "creating")
    assert.match(
      created.IntegrationArn ?? "",
      new RegExp(`^arn:aws:rds:${region}:\\d{12}:integration:[0-9a-f-]{36}$`),
    )
    assert.deepEqual(created.Tags, [{ Key: "team", Value: "data: ops+1=@x/y" }])
    assert.deepEqual(created.Errors, [])
    assert.equal(created.KMSKeyId, defaultKeyArn({ region, account }))
    assert.ok(created.CreateTime instanceof Date)
    assert.match(created.$metadata.requestId ?? "", /^[0-9a-f-]{36}$/)

    const arn = created.IntegrationArn ?? ""
    for (const IntegrationIdentifier of [arn, arn.split(":").at(-1), "life"]) {
      const found = await client.send(new DescribeIntegrationsCommand({ IntegrationIdentifier }))
      assert.deepEqual(found.Integrations, [without(created)])
      assert.equal(found.Marker, undefined)
    }

    await door.sql("update millrace.integrations set status = 'active'")
    const modified = await client.send(
      new ModifyIntegrationCommand({
        IntegrationIdentifier: arn,
        IntegrationName: "renamed",
        Description: "second",
      }),
    )
    assert.equal(modified.IntegrationName, "renamed")
    assert.equal(modified.Description, "second")
    assert.equal(modified.KMSKeyId, created.KMSKeyId)

    const deleting = await client.send(new DeleteIntegrationCommand({ IntegrationIdentifier: arn }))
    assert.equal(deleting.Status, "deleting")
    assert.equal(deleting.KMSKeyId, created.KMSKeyId)
  })

  function without<T extends { $metadata: unknown }>(answer: T): Omit<T, "$metadata"> {
    const { $metadata: _, ...rest } = answer
    return rest
  }

  test("no integrations: an empty list, not a missing one", async () => {
    await forgetAll()
    const answer = await client.send(new DescribeIntegrationsCommand({}))
    assert.deepEqual(answer.Integrations, [])
  })

  test("errors of an integration come back as the list of code and message", async () => {
    await forgetAll()
    await client.send(createCommand("ailing"))
    await door.sql(
      `update millrace.integrations set status = 'needs_attention',
     errors = '[{"code":"SOURCE_UNREACHABLE","message":"say \\"hello\\" & <try> again"}]'`,
    )
    const { Integrations } = await client.send(new DescribeIntegrationsCommand({}))
    assert.equal(Integrations?.[0]?.Status, "needs_attention")
    assert.deepEqual(Integrations?.[0]?.Errors, [
      { ErrorCode: "SOURCE_UNREACHABLE", ErrorMessage: 'say "hello" & <try> again' },
    ])
  })

  test("every status of the lifecycle is told as it is", async () => {
    await forgetAll()
    await client.send(createCommand("statuses"))
    for (const status of [
      "creating",
      "active",
      "modifying",
      "failed",
      "deleting",
      "syncing",
      "needs_attention",
    ]) {
      await door.sql("update millrace.integrations set status = $1", [status])
      const { Integrations } = await client.send(new DescribeIntegrationsCommand({}))
      assert.equal(Integrations?.[0]?.Status, status)
    }
  })

  test("text survives both ways: spaces, line ends in messages, other scripts, what XML escapes", async () => {
    await forgetAll()
    const description = `  "q" 'a' <b> & ]]> &amp; % + \t Ünïcode 漢字 🐎  `
    await client.send(createCommand("text", { Description: description }))
    const { Integrations } = await client.send(new DescribeIntegrationsCommand({}))
    assert.equal(Integrations?.[0]?.Description, description)
  })

  test("any text that an integration may hold comes out as it went in", async () => {
    await forgetAll()
    await client.send(createCommand("any-text"))
    const text = fc.string({
      unit: fc.oneof(fc.constantFrom(..." <>&\"'\t\n\r;#x0]"), fc.string({ unit: "grapheme" })),
      maxLength: 30,
    })
    await fc.assert(
      fc.asyncProperty(text, text, async (message, description) => {
        fc.pre([message, description].every((one) => isXmlText(one) && !isSwallowed(one)))
        const errors = JSON.stringify([{ code: "TEXT", message }])
        await door.sql("update millrace.integrations set errors = $1, description = $2", [
          errors,
          description,
        ])
        const { Integrations } = await client.send(new DescribeIntegrationsCommand({}))
        assert.equal(Integrations?.[0]?.Errors?.[0]?.ErrorMessage, message)
        assert.equal(Integrations?.[0]?.Description, description)
      }),
      { seed: testSeed, numRuns: 60 },
    )
  })

  test("page sizes outside 20 to 100, and markers that are not ours", async () => {
    for (const MaxRecords of [0, 19, 101, -1, 2_000_000_000]) {
      const error = await refusal(client.send(new DescribeIntegrationsCommand({ MaxRecords })))
      assert.equal(error.name, "InvalidParameterValue")
      assert.match(
        error.message,
        new RegExp(`Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`),
      )
    }
    for (const Marker of [
      "x",
      "abc",
      "MTIzNDU2Nzg5MDEyMzQ1Njc4OTA",
      "null",
      "'; drop table integrations; --",
    ]) {
      const error = await refusal(client.send(new DescribeIntegrationsCommand({ Marker })))
      assert.equal(error.name, "InvalidParameterValue", Marker)
    }
  })

  test("more than a hundred: pages neither skip nor repeat, also while integrations come and go", async () => {
    const many = await serveDoor({ quota: 1_000 })
    const itsClient = rdsClient(many.endpoint)
    try {
      const names: string[] = []
      for (let at = 0; at < 131; at += 1)
        names.push(await addOne(many, `paged-${String(at).padStart(3, "0")}`))
      const first = await itsClient.send(new DescribeIntegrationsCommand({}))
      assert.equal(first.Integrations?.length, 100)
      assert.ok(first.Marker !== undefined && first.Marker.length <= 340)

      const seen: string[] = []
      for await (const page of paginateDescribeIntegrations({ client: itsClient, pageSize: 20 }, {})) {
        const here = (page.Integrations ?? []).map((one) => one.IntegrationName ?? "")
        seen.push(...here)
        // The last one of the page goes, and another comes: the marker must hold all the same.
        if (seen.length === 20) {
          await many.sql("delete from millrace.integrations where name = $1", [here.at(-1)])
          await addOne(many, "newcomer")
        }
      }
      assert.deepEqual(seen, [...names, "newcomer"])

      const damaged = `${first.Marker?.slice(0, -1)}${first.Marker?.endsWith("A") ? "B" : "A"}`
      const error = await refusal(itsClient.send(new DescribeIntegrationsCommand({ Marker: damaged })))
      assert.equal(error.name, "InvalidParameterValue")
    } finally {
      itsClient.destroy()
      await many.close()
    }
  })
})

/** The client reads text of nothing but white space with a line end in it as indentation, however it is escaped. */
function isSwallowed(text: string): boolean {
  return text.trim() === "" && text.includes("\n")
}

/** Past the services, which allow one source and target pair only once. */
async function addOne(many: ServedDoor, name: string): Promise<string> {
  await many.store.integrations.insert(
    {
      id: crypto.randomUUID(),
      arn: `arn:aws:rds:${region}:123456789012:integration:${crypto.randomUUID()}`,
      service: "rds",
      name,
      isFilterPending: false,
      description: undefined,
      sourceArn: `${instanceArn}-${name}`,
      targetArn,
      dataFilter: "include: a.*.*",
      kmsKeyId: undefined,
      additionalEncryptionContext: {},
      tags: [],
      status: "active",
      errors: [],
      createdAt: new Date(),
    },
    [{ sourceDatabase: "a", destinationDatabase: name }],
  )
  return name
}
