import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { settleIntegrations } from "../support/settle-integrations.ts"
import { waitUntil } from "../support/wait-until.ts"
import { type AwsCommand, awsCommand, skip } from "./aws-command.ts"
import { instanceArn, type ServedDoor, serveDoor, targetArn } from "./served-door.ts"

describe("the aws command", { skip }, () => {
  let door: ServedDoor
  let command: AwsCommand

  before(async () => {
    door = await serveDoor()
    command = await awsCommand(door.endpoint)
  })
  after(async () => {
    await door.close()
    await command.remove()
  })

  test("create, describe, modify, delete", async () => {
    const created = await command.answer(
      "rds",
      "create-integration",
      ...["--source-arn", instanceArn, "--target-arn", targetArn, "--integration-name", "from-cli"],
      ...["--data-filter", "include: shop.public.*", "--description", "over <the> wire & back"],
      ...["--tags", "Key=team,Value=data", "Key=empty,Value="],
    )
    assert.equal(created.Status, "creating")
    assert.deepEqual(created.Errors, [])
    assert.deepEqual(created.Tags, [
      { Key: "team", Value: "data" },
      { Key: "empty", Value: "" },
    ])
    assert.equal(created.Description, "over <the> wire & back")
    assert.equal(created.DataFilter, "include: shop.public.*")
    assert.ok(Math.abs(Date.parse(created.CreateTime) - Date.now()) < 60_000)

    await door.sql("update millrace.integrations set status = 'active'")
    const { Integrations } = await command.answer("rds", "describe-integrations")
    assert.deepEqual(Integrations, [{ ...created, Status: "active" }])

    const modified = await command.answer(
      "rds",
      "modify-integration",
      ...["--integration-identifier", created.IntegrationArn, "--integration-name", "renamed"],
    )
    assert.equal(modified.IntegrationName, "renamed")
    const deleted = await command.answer(
      "rds",
      "delete-integration",
      "--integration-identifier",
      created.IntegrationArn,
    )
    assert.equal(deleted.Status, "deleting")

    await door.sql("delete from millrace.integrations")
    assert.deepEqual(await command.answer("rds", "describe-integrations"), { Integrations: [] })
  })

  test("refusals carry the API's own codes", async () => {
    const gone = await command.run("rds", "delete-integration", "--integration-identifier", "gone")
    assert.notEqual(gone.exitCode, 0)
    assert.match(gone.stderr, /\(IntegrationNotFoundFault\) when calling the DeleteIntegration operation/)
    const unserved = await command.run("rds", "describe-db-snapshots")
    assert.match(unserved.stderr, /\(InvalidAction\)/)
    const range = await command.run("rds", "describe-integrations", "--max-records", "7", "--no-paginate")
    assert.match(range.stderr, /\(InvalidParameterValue\).*Must be between 20 and 100/)
  })

  test("a resource by aws cloudcontrol, and its waiter", async () => {
    const desired = {
      IntegrationName: "as-resource",
      SourceArn: instanceArn,
      TargetArn: targetArn,
      DataFilter: "include: shop.public.*",
    }
    const { ProgressEvent: begun } = await command.answer(
      ...["cloudcontrol", "create-resource", "--type-name", "AWS::RDS::Integration"],
      ...["--desired-state", JSON.stringify(desired)],
    )
    assert.equal(begun.OperationStatus, "IN_PROGRESS")
    await waitUntil(
      async () => {
        await settleIntegrations(door.store)
        return (
          (await door.store.resourceRequests.byToken(begun.RequestToken))?.status === "SUCCESS" || undefined
        )
      },
      { what: "the request succeeds" },
    )
    await command.answer(
      "cloudcontrol",
      "wait",
      "resource-request-success",
      "--request-token",
      begun.RequestToken,
    )
    assert.equal((await door.store.integrations.byArn(begun.Identifier))?.name, "as-resource")
  })
})
