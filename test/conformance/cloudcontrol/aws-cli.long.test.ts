/** The examples of `aws cloudcontrol help`, with a type that is served here. (Source: the CLI's reference, "cloudcontrol", examples of each command.) */
import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { settleIntegrations } from "../../support/settle-integrations.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { type AwsCommand, awsCommand, skip } from "../aws-command.ts"
import { instanceArn, type ServedDoor, serveDoor, targetArn } from "../served-door.ts"

const type = ["--type-name", "AWS::RDS::Integration"]
const desired = {
  IntegrationName: "from-cli",
  SourceArn: instanceArn,
  TargetArn: targetArn,
  DataFilter: "include: shop.public.*",
}

describe("aws cloudcontrol", { skip }, () => {
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

  const control = (name: string, ...more: string[]) => command.answer("cloudcontrol", name, ...more)
  /** By its waiter, while a reconciler works. */
  async function waited(token: string): Promise<void> {
    await waitUntil(
      async () => {
        await settleIntegrations(door.store)
        return (await door.store.resourceRequests.byToken(token))?.status === "SUCCESS" || undefined
      },
      { what: "the request succeeds" },
    )
    await control("wait", "resource-request-success", "--request-token", token)
  }

  test("the documented examples", async () => {
    const state = ["--desired-state", JSON.stringify(desired)]
    const created = await control("create-resource", ...type, ...state)
    const { Identifier, RequestToken } = created.ProgressEvent
    const isMade = async () => (await door.store.integrations.byArn(Identifier)) !== undefined || undefined
    await waitUntil(isMade, { what: "the integration is made" })
    const cancelled = await control("cancel-resource-request", "--request-token", RequestToken)
    assert.equal(cancelled.ProgressEvent.OperationStatus, "CANCEL_IN_PROGRESS")
    await waitUntil(
      async () => {
        const found = await door.store.resourceRequests.byToken(RequestToken)
        return found?.status === "CANCEL_COMPLETE" || undefined
      },
      { what: "the request is cancelled" },
    )
    await settleIntegrations(door.store)
    const read = await control("get-resource", ...type, "--identifier", Identifier)
    assert.equal(JSON.parse(read.ResourceDescription.Properties).IntegrationName, "from-cli")
    // Without the leading `/`, as the example has it.
    const patch = JSON.stringify([{ op: "replace", path: "IntegrationName", value: "from-patch" }])
    const target = [...type, "--identifier", Identifier]
    const updated = await control("update-resource", ...target, "--patch-document", patch)
    await waited(updated.ProgressEvent.RequestToken)
    const listed = await control("list-resources", ...type)
    assert.deepEqual(
      listed.ResourceDescriptions.map((one: { Identifier: string }) => one.Identifier),
      [Identifier],
    )
    const deleted = await control("delete-resource", ...target)
    const status = [
      "get-resource-request-status",
      "--request-token",
      deleted.ProgressEvent.RequestToken,
    ] as const
    assert.equal((await control(...status)).ProgressEvent.Operation, "DELETE")
    await waited(deleted.ProgressEvent.RequestToken)
    const filter = "Operations=DELETE,OperationStatuses=SUCCESS"
    const requests = await control("list-resource-requests", "--resource-request-status-filter", filter)
    assert.equal(requests.ResourceRequestStatusSummaries.length, 1)
  })
})
