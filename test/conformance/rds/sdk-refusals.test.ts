import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import {
  DBClusterNotFoundFault,
  DBInstanceNotFoundFault,
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  IntegrationAlreadyExistsFault,
  IntegrationConflictOperationFault,
  IntegrationNotFoundFault,
  IntegrationQuotaExceededFault,
  InvalidIntegrationStateFault,
  KMSKeyNotAccessibleFault,
  ModifyIntegrationCommand,
} from "@aws-sdk/client-rds"
import {
  clusterArn,
  instanceArn,
  otherTargetArn,
  reader,
  type ServedDoor,
  serveDoor,
  targetArn,
} from "../served-door.ts"
import { createCommand, rdsClient, refusal } from "./client.ts"

describe("what the RDS door refuses, as the official client sees it", () => {
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

  test("a missing source: by kind of source", async () => {
    const instance = await refusal(client.send(createCommand("a", { SourceArn: `${instanceArn}-gone` })))
    assert.ok(instance instanceof DBInstanceNotFoundFault)
    assert.equal(instance.$metadata.httpStatusCode, 404)
    const cluster = await refusal(client.send(createCommand("a", { SourceArn: `${clusterArn}-gone` })))
    assert.ok(cluster instanceof DBClusterNotFoundFault)
    assert.equal(cluster.$metadata.httpStatusCode, 404)
  })

  test("a missing target is an invalid value, for the API has no other code", async () => {
    const error = await refusal(client.send(createCommand("a", { TargetArn: `${targetArn}0` })))
    assert.equal(error.name, "InvalidParameterValue")
    assert.equal(error.$metadata.httpStatusCode, 400)
  })

  test("a name that is taken", async () => {
    await forgetAll()
    await client.send(createCommand("taken"))
    await door.sql("update millrace.integrations set status = 'active'")
    const error = await refusal(client.send(createCommand("taken", { SourceArn: clusterArn })))
    assert.ok(error instanceof IntegrationAlreadyExistsFault)
  })

  test("two creates of one source at once: one wins, the other conflicts", async () => {
    await forgetAll()
    const results = await Promise.allSettled([
      client.send(createCommand("one")),
      client.send(createCommand("two", { TargetArn: otherTargetArn })),
    ])
    assert.equal(results.filter((result) => result.status === "fulfilled").length, 1)
    const lost = results.find((result) => result.status === "rejected")
    assert.ok(lost?.reason instanceof IntegrationConflictOperationFault, String(lost?.reason))
  })

  test("the quota", async () => {
    const small = await serveDoor({ quota: 1 })
    const itsClient = rdsClient(small.endpoint)
    try {
      await itsClient.send(createCommand("first"))
      await small.sql("update millrace.integrations set status = 'active'")
      const error = await refusal(itsClient.send(createCommand("second", { SourceArn: clusterArn })))
      assert.ok(error instanceof IntegrationQuotaExceededFault)
    } finally {
      itsClient.destroy()
      await small.close()
    }
  })

  test("keys and encryption context", async () => {
    await forgetAll()
    const key = await refusal(client.send(createCommand("k", { KMSKeyId: "arn:aws:kms:us-east-1:1:key/x" })))
    assert.ok(key instanceof KMSKeyNotAccessibleFault)
    const context = await refusal(
      client.send(createCommand("k", { AdditionalEncryptionContext: { a: "b" } })),
    )
    assert.equal(context.name, "InvalidParameterCombination")
  })

  test("what does not exist cannot be described, modified or deleted", async () => {
    await forgetAll()
    const IntegrationIdentifier = "00000000-0000-4000-8000-000000000000"
    for (const command of [
      () => client.send(new DescribeIntegrationsCommand({ IntegrationIdentifier })),
      () => client.send(new ModifyIntegrationCommand({ IntegrationIdentifier, Description: "x" })),
      () => client.send(new DeleteIntegrationCommand({ IntegrationIdentifier })),
    ]) {
      const error = await refusal(command())
      assert.ok(error instanceof IntegrationNotFoundFault)
      assert.equal(error.$metadata.httpStatusCode, 404)
    }
  })

  test("a state that does not allow it", async () => {
    await forgetAll()
    await client.send(createCommand("busy"))
    await door.sql("update millrace.integrations set status = 'deleting'")
    const change = new ModifyIntegrationCommand({ IntegrationIdentifier: "busy", Description: "x" })
    assert.ok((await refusal(client.send(change))) instanceof InvalidIntegrationStateFault)
    const again = new DeleteIntegrationCommand({ IntegrationIdentifier: "busy" })
    assert.ok((await refusal(client.send(again))) instanceof InvalidIntegrationStateFault)
  })

  test("a reader may describe and nothing else", async () => {
    await forgetAll()
    await client.send(createCommand("guarded"))
    const readerClient = rdsClient(door.endpoint, reader)
    try {
      const { Integrations } = await readerClient.send(new DescribeIntegrationsCommand({}))
      assert.equal(Integrations?.length, 1)
      const IntegrationIdentifier = "guarded"
      for (const command of [
        () => readerClient.send(createCommand("other")),
        () => readerClient.send(new ModifyIntegrationCommand({ IntegrationIdentifier, Description: "x" })),
        () => readerClient.send(new DeleteIntegrationCommand({ IntegrationIdentifier })),
      ]) {
        const error = await refusal(command())
        assert.equal(error.name, "AccessDenied")
        assert.equal(error.$metadata.httpStatusCode, 403)
      }
    } finally {
      readerClient.destroy()
    }
  })

  test("filters: the API documents no name, so every name is refused; an empty list is fine", async () => {
    const error = await refusal(
      client.send(new DescribeIntegrationsCommand({ Filters: [{ Name: "status", Values: ["active"] }] })),
    )
    assert.equal(error.name, "InvalidParameterValue")
    assert.match(error.message, /Unrecognized filter name: status/)
    await client.send(new DescribeIntegrationsCommand({ Filters: [] }))
  })

  test("another data filter is modifying, the same is not; meanwhile nothing else may be done", async () => {
    await forgetAll()
    await client.send(createCommand("filtered"))
    await door.sql("update millrace.integrations set status = 'active'")
    const IntegrationIdentifier = "filtered"
    const modify = (DataFilter: string) =>
      client.send(new ModifyIntegrationCommand({ IntegrationIdentifier, DataFilter }))
    assert.equal((await modify("include: filtered.*.*")).Status, "active")
    assert.equal((await refusal(modify("include: filtered.*"))).name, "InvalidParameterValue")
    assert.equal((await modify("include: other.*.*")).Status, "modifying")
    assert.equal((await refusal(modify("include: third.*.*"))).name, "InvalidIntegrationStateFault")
    const remove = client.send(new DeleteIntegrationCommand({ IntegrationIdentifier }))
    assert.equal((await refusal(remove)).name, "InvalidIntegrationStateFault")
  })
})
