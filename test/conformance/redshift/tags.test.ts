import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
  CreateTagsCommand,
  DeleteTagsCommand,
  DescribeClustersCommand,
  DescribeTagsCommand,
} from "@aws-sdk/client-redshift"
import { clusters, region, tableArn } from "../served-door.ts"
import { redshiftScene, refusalCode } from "./client.ts"

describe("tags, over the Redshift API", () => {
  const scene = redshiftScene("integrations", "resource_tags")

  test("tags of integrations and clusters", async () => {
    const { IntegrationArn = "" } = await scene.create({ TagList: [{ Key: "a", Value: "1" }] })
    const [clusterName] = clusters
    const cluster = `arn:aws:redshift:${region}:123456789012:cluster:${clusterName}`
    for (const ResourceName of [IntegrationArn, cluster]) {
      const Tags = [
        { Key: "a", Value: "2" },
        { Key: "b", Value: "3" },
      ]
      await scene.client.send(new CreateTagsCommand({ ResourceName, Tags }))
      const { TaggedResources } = await scene.client.send(new DescribeTagsCommand({ ResourceName }))
      assert.deepEqual(
        TaggedResources?.map(({ Tag }) => Tag),
        Tags,
      )
      await scene.client.send(new DeleteTagsCommand({ ResourceName, TagKeys: ["a", "never-there"] }))
    }
    const all = await scene.client.send(new DescribeTagsCommand())
    assert.deepEqual(
      all.TaggedResources?.map(({ ResourceName, ResourceType, Tag }) => [ResourceName, ResourceType, Tag]),
      [
        [cluster, "Cluster", { Key: "b", Value: "3" }],
        [IntegrationArn, "Integration", { Key: "b", Value: "3" }],
      ],
    )
    const byType = await scene.client.send(
      new DescribeTagsCommand({ ResourceType: "Cluster", TagValues: ["3"] }),
    )
    assert.equal(byType.TaggedResources?.length, 1)
    const { Clusters } = await scene.client.send(new DescribeClustersCommand({ TagKeys: ["b"] }))
    assert.deepEqual(
      Clusters?.map(({ ClusterIdentifier }) => ClusterIdentifier),
      [clusterName],
    )
  })

  test("refusals of tags", async () => {
    const ResourceName = (await scene.create()).IntegrationArn ?? ""
    const sends: [() => Promise<unknown>, string][] = [
      [
        () => scene.client.send(new CreateTagsCommand({ ResourceName: tableArn, Tags: [] })),
        "ResourceNotFoundFault",
      ],
      [
        () => scene.client.send(new CreateTagsCommand({ ResourceName, Tags: [{ Key: "rds:x", Value: "" }] })),
        "InvalidTagFault",
      ],
      [
        () =>
          scene.client.send(
            new CreateTagsCommand({
              ResourceName,
              Tags: Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}`, Value: "" })),
            }),
          ),
        "TagLimitExceededFault",
      ],
      [
        () =>
          scene.client.send(
            new DeleteTagsCommand({ ResourceName: `${ResourceName.slice(0, -36)}x`, TagKeys: ["a"] }),
          ),
        "ResourceNotFoundFault",
      ],
      [
        () => scene.client.send(new DescribeTagsCommand({ ResourceName, ResourceType: "Integration" })),
        "InvalidParameterCombination",
      ],
      [
        () => scene.client.send(new DescribeTagsCommand({ ResourceName, MaxRecords: 20 })),
        "InvalidParameterCombination",
      ],
      [() => scene.client.send(new DescribeTagsCommand({ ResourceType: "Table" })), "InvalidParameterValue"],
      [() => scene.client.send(new DescribeTagsCommand({ MaxRecords: 9 })), "InvalidParameterValue"],
      [() => scene.client.send(new DescribeTagsCommand({ MaxRecords: 51 })), "InvalidParameterValue"],
    ]
    for (const [at, [sent, code]] of sends.entries())
      assert.equal(await refusalCode(sent()), code, `send ${at}`)
  })

  test("fifty tags are the most, also when they come one by one at once", async () => {
    const ResourceName = (await scene.create()).IntegrationArn ?? ""
    const sent = await Promise.allSettled(
      Array.from({ length: 60 }, (_, at) =>
        scene.client.send(new CreateTagsCommand({ ResourceName, Tags: [{ Key: `k${at}`, Value: "" }] })),
      ),
    )
    assert.equal(sent.filter(({ status }) => status === "fulfilled").length, 50)
    const { TaggedResources } = await scene.client.send(new DescribeTagsCommand({ ResourceName }))
    assert.equal(TaggedResources?.length, 50)
  })
})
