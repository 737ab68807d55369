import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { CreateIntegrationCommand as CreateRdsIntegration, RDSServiceException } from "@aws-sdk/client-rds"
import {
  DeleteResourcePolicyCommand,
  DescribeIntegrationsCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
} from "@aws-sdk/client-redshift"
import { redshiftClient, redshiftScene, refusalCode } from "../redshift/client.ts"
import {
  account,
  admin as adminKey,
  clusters,
  instanceArn,
  reader,
  region,
  tableArn,
  targetArn,
} from "../served-door.ts"
import { rdsClient } from "./client.ts"

const authorize = (sourceArn: string, effect = "Allow") => ({
  Effect: effect,
  Principal: { Service: "redshift.amazonaws.com" },
  Action: "redshift:AuthorizeInboundIntegration",
  Condition: { StringEquals: { "aws:SourceArn": sourceArn } },
})
const create = (effect: string, principal: string) => ({
  Effect: effect,
  Principal: { AWS: principal },
  Action: ["redshift:CreateInboundIntegration"],
})
const policyOf = (...Statement: object[]) => JSON.stringify({ Version: "2012-10-17", Statement })

describe("resource policies", () => {
  const scene = redshiftScene("integrations", "resource_policies")

  const put = (Policy: string, ResourceArn = targetArn) =>
    scene.client.send(new PutResourcePolicyCommand({ ResourceArn, Policy }))

  test("what was put comes back as it was, until it is deleted", async () => {
    const policy = `\n${policyOf(authorize(tableArn))} `
    assert.equal((await put(policy)).ResourcePolicy?.Policy, policy)
    const got = await scene.client.send(new GetResourcePolicyCommand({ ResourceArn: targetArn }))
    assert.deepEqual(got.ResourcePolicy, { ResourceArn: targetArn, Policy: policy })
    await scene.client.send(new DeleteResourcePolicyCommand({ ResourceArn: targetArn }))
    for (const command of [
      new GetResourcePolicyCommand({ ResourceArn: targetArn }),
      new DeleteResourcePolicyCommand({ ResourceArn: targetArn }),
    ]) {
      // Both kinds of commands are one union to the compiler, which send() does not take.
      const sent =
        command instanceof GetResourcePolicyCommand ? scene.client.send(command) : scene.client.send(command)
      assert.equal(await refusalCode(sent), "ResourceNotFoundFault")
    }
  })

  test("only a warehouse's namespace has one", async () => {
    const policy = policyOf(authorize(tableArn))
    for (const arn of [tableArn, "x", `arn:aws:redshift:${region}:${account}:cluster:${clusters[0]}`]) {
      assert.equal(await refusalCode(put(policy, arn)), "ResourceNotFoundFault")
    }
  })

  const malformed: [string, string][] = [
    ["not JSON", "{"],
    ["no object", "[]"],
    ["another version", JSON.stringify({ Version: "2020-01-01", Statement: [authorize(tableArn)] })],
    ["no statement", JSON.stringify({ Version: "2012-10-17", Statement: [] })],
    ["an unknown member", policyOf({ ...authorize(tableArn), NotAction: "x" })],
    ["an unknown action", policyOf({ ...authorize(tableArn), Action: "redshift:Everything" })],
    ["an unknown effect", policyOf(authorize(tableArn, "allow"))],
    ["no principal", policyOf({ ...authorize(tableArn), Principal: {} })],
    ["another service", policyOf({ ...authorize(tableArn), Principal: { Service: "s3.amazonaws.com" } })],
    ["an account that is none", policyOf(create("Allow", "me"))],
    ["another operator", policyOf({ ...authorize(tableArn), Condition: { Bool: { "aws:SourceArn": "x" } } })],
    ["another key", policyOf({ ...authorize(tableArn), Condition: { StringEquals: { "aws:Ip": "x" } } })],
    ["another resource", policyOf({ ...authorize(tableArn), Resource: `${targetArn}x` })],
    ["a member of all objects", policyOf({ ...authorize(tableArn), Action: "constructor" })],
    ["too many bytes", policyOf(authorize("ü".repeat(10_300)))],
  ]
  for (const [name, policy] of malformed) {
    test(`${name}: InvalidPolicyFault, and nothing is stored`, async () => {
      assert.equal(await refusalCode(put(policy)), "InvalidPolicyFault")
      const got = scene.client.send(new GetResourcePolicyCommand({ ResourceArn: targetArn }))
      assert.equal(await refusalCode(got), "ResourceNotFoundFault")
    })
  }

  test("without one the account's admin may join; with one its statements decide", async () => {
    const refusing = [
      policyOf(authorize(`${tableArn}-other`)),
      policyOf(authorize(tableArn), authorize(tableArn, "Deny")),
      policyOf(create("Allow", account)),
      policyOf(authorize(tableArn), create("Deny", `arn:aws:iam::${account}:user/${adminKey.accessKeyId}`)),
      policyOf(authorize(tableArn), create("Deny", account)),
    ]
    for (const policy of refusing) {
      await put(policy)
      assert.equal(await refusalCode(scene.create()), "AccessDenied", policy)
    }
    const letting = [
      policyOf(authorize(tableArn)),
      policyOf(authorize(tableArn), create("Allow", `arn:aws:iam::${account}:root`)),
      policyOf(
        authorize(tableArn),
        create("Deny", "000000000000"),
        create("Deny", `arn:aws:iam::${account}:user/x`),
      ),
      policyOf({
        ...authorize(""),
        Condition: { ArnLike: { "aws:SourceArn": "arn:aws:dynamodb:*:table/c?rts" } },
      }),
      policyOf({ ...authorize(""), Condition: { StringEquals: { "AWS:SourceAccount": account } } }),
      policyOf({ Effect: "Allow", Principal: "*", Action: "redshift:*" }),
    ]
    for (const policy of letting) {
      await put(policy)
      assert.equal((await scene.create()).Status, "creating", policy)
      await scene.door.sql("truncate millrace.integrations cascade")
    }
  })

  test("sources of the other API are under it too", async () => {
    await put(policyOf(authorize(tableArn)))
    const rds = rdsClient(scene.door.endpoint)
    const sent = rds.send(
      new CreateRdsIntegration({
        SourceArn: instanceArn,
        TargetArn: targetArn,
        IntegrationName: "shop",
        DataFilter: "include: shop.*.*",
      }),
    )
    await assert.rejects(
      sent,
      (error) => error instanceof RDSServiceException && error.name === "AccessDenied",
    )
    rds.destroy()
  })

  test("a source that is authorised no more ends its integration for good", async () => {
    await put(policyOf(authorize(tableArn)))
    await scene.create()
    await scene.door.sql("update millrace.integrations set status = 'active'")
    await put(policyOf(authorize(instanceArn)))
    const failed = async () => (await scene.client.send(new DescribeIntegrationsCommand())).Integrations?.[0]
    assert.equal((await failed())?.Status, "failed")
    assert.equal((await failed())?.Errors?.[0]?.ErrorCode, "SOURCE_NOT_AUTHORIZED")
    await put(policyOf(authorize(tableArn)))
    assert.equal((await failed())?.Status, "failed")
  })

  test("a policy and a creation at once leave nothing that is not authorised", async () => {
    for (let round = 0; round < 10; round += 1) {
      await scene.door.sql("truncate millrace.integrations, millrace.resource_policies cascade")
      await Promise.allSettled([scene.create(), put(policyOf(authorize(instanceArn)))])
      const { Integrations } = await scene.client.send(new DescribeIntegrationsCommand())
      const statuses = (Integrations ?? []).map(({ Status }) => Status)
      assert.ok(
        statuses.every((status) => status === "failed"),
        `round ${round}: ${statuses}`,
      )
    }
  })

  test("a reader reads it and changes nothing", async () => {
    await put(policyOf(authorize(tableArn)))
    const reading = redshiftClient(scene.door.endpoint, reader)
    await reading.send(new GetResourcePolicyCommand({ ResourceArn: targetArn }))
    const writing = new PutResourcePolicyCommand({
      ResourceArn: targetArn,
      Policy: policyOf(create("Allow", "*")),
    })
    assert.equal(await refusalCode(reading.send(writing)), "AccessDenied")
    const deleting = new DeleteResourcePolicyCommand({ ResourceArn: targetArn })
    assert.equal(await refusalCode(reading.send(deleting)), "AccessDenied")
    reading.destroy()
  })
})
