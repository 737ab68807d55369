import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import {
  AddTagsToResourceCommand,
  CreateIntegrationCommand,
  DeleteIntegrationCommand,
  DescribeIntegrationsCommand,
  type Integration,
  ListTagsForResourceCommand,
  ModifyIntegrationCommand,
  RDSClient,
  RemoveTagsFromResourceCommand,
  type Tag,
} from "@aws-sdk/client-rds"
import {
  DescribeInboundIntegrationsCommand,
  type InboundIntegration,
  PutResourcePolicyCommand,
  RedshiftClient,
} from "@aws-sdk/client-redshift"
import { awsCommand } from "../conformance/aws-command.ts"
import { atEnd } from "./clean-up.ts"
import { accessKeyId, type Place, region, secretAccessKey, sourceArn, targetArn } from "./place.ts"

/** What the cloud's guide has people do, whichever client they do it with. Refusals are errors named by their code. */
export interface GuideClient {
  allow(policy: string): Promise<void>
  create(name: string, filter: string): Promise<Integration>
  /** Those of that name. */
  describe(name: string): Promise<Integration[]>
  inbound(): Promise<InboundIntegration[]>
  filter(name: string, filter: string): Promise<void>
  /** Keys of its tags. */
  tags(arn: string): Promise<string[]>
  addTag(arn: string, key: string, value: string): Promise<void>
  removeTag(arn: string, key: string): Promise<void>
  delete(arn: string): Promise<void>
}

const firstTag = { Key: "team", Value: "data" }

export function sdkClient(context: TestContext, place: Place): GuideClient {
  const credentials = { accessKeyId, secretAccessKey }
  const client = { endpoint: `http://127.0.0.1:${place.httpPort}`, region, credentials, maxAttempts: 1 }
  const [rds, redshift] = [new RDSClient(client), new RedshiftClient(client)]
  atEnd(context, async () => {
    for (const one of [rds, redshift]) one.destroy()
  })
  return {
    async allow(Policy) {
      await redshift.send(new PutResourcePolicyCommand({ ResourceArn: targetArn, Policy }))
    },
    create: (IntegrationName, DataFilter) =>
      rds.send(
        new CreateIntegrationCommand({
          SourceArn: sourceArn,
          TargetArn: targetArn,
          IntegrationName,
          DataFilter,
          Tags: [firstTag],
        }),
      ),
    async describe(name) {
      const { Integrations = [] } = await rds.send(new DescribeIntegrationsCommand())
      return Integrations.filter(({ IntegrationName }) => IntegrationName === name)
    },
    inbound: async () =>
      (await redshift.send(new DescribeInboundIntegrationsCommand({ TargetArn: targetArn })))
        .InboundIntegrations ?? [],
    async filter(IntegrationIdentifier, DataFilter) {
      await rds.send(new ModifyIntegrationCommand({ IntegrationIdentifier, DataFilter }))
    },
    tags: async (ResourceName) =>
      keysOf((await rds.send(new ListTagsForResourceCommand({ ResourceName }))).TagList),
    async addTag(ResourceName, Key, Value) {
      await rds.send(new AddTagsToResourceCommand({ ResourceName, Tags: [{ Key, Value }] }))
    },
    async removeTag(ResourceName, key) {
      await rds.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: [key] }))
    },
    async delete(IntegrationIdentifier) {
      await rds.send(new DeleteIntegrationCommand({ IntegrationIdentifier }))
    },
  }
}

/** The `aws` command. */
export async function commandClient(context: TestContext, place: Place): Promise<GuideClient> {
  const endpoint = `http://127.0.0.1:${place.httpPort}`
  const command = await awsCommand(endpoint, { accessKeyId, secretAccessKey })
  atEnd(context, () => command.remove())
  const call = async (...parameters: string[]) => {
    const { exitCode, stdout, stderr } = await command.run(...parameters)
    const [, code] = /^An error occurred \((\w+)\)/m.exec(stderr) ?? []
    if (code !== undefined) throw Object.assign(new Error(stderr), { name: code })
    assert.equal(exitCode, 0, stderr)
    return stdout.trim() === "" ? {} : JSON.parse(stdout)
  }
  const rds = (operation: string, ...parameters: string[]) => call("rds", operation, ...parameters)
  const redshift = (operation: string, ...parameters: string[]) => call("redshift", operation, ...parameters)
  return {
    async allow(policy) {
      await redshift("put-resource-policy", "--resource-arn", targetArn, "--policy", policy)
    },
    create: (name, filter) =>
      rds(
        "create-integration",
        ...["--source-arn", sourceArn, "--target-arn", targetArn, "--integration-name", name],
        ...["--data-filter", filter, "--tags", `Key=${firstTag.Key},Value=${firstTag.Value}`],
      ),
    async describe(name) {
      const { Integrations } = await rds("describe-integrations")
      return Integrations.filter((one: Integration) => one.IntegrationName === name)
    },
    inbound: async () =>
      (await redshift("describe-inbound-integrations", "--target-arn", targetArn)).InboundIntegrations,
    async filter(name, filter) {
      await rds("modify-integration", "--integration-identifier", name, "--data-filter", filter)
    },
    tags: async (arn) => keysOf((await rds("list-tags-for-resource", "--resource-name", arn)).TagList),
    async addTag(arn, key, value) {
      await rds("add-tags-to-resource", "--resource-name", arn, "--tags", `Key=${key},Value=${value}`)
    },
    async removeTag(arn, key) {
      await rds("remove-tags-from-resource", "--resource-name", arn, "--tag-keys", key)
    },
    async delete(arn) {
      await rds("delete-integration", "--integration-identifier", arn)
    },
  }
}

function keysOf(tags: Tag[] = []): string[] {
  return tags.map(({ Key = "" }) => Key)
}
