import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { CreateIntegrationCommand as CreateRdsIntegration } from "@aws-sdk/client-rds"
import {
  CreateIntegrationCommand,
  CreateTagsCommand,
  DeleteIntegrationCommand,
  DeleteTagsCommand,
  DescribeClustersCommand,
  DescribeInboundIntegrationsCommand,
  DescribeIntegrationsCommand,
  type DescribeIntegrationsCommandInput,
  DescribeTagsCommand,
  ModifyIntegrationCommand,
  paginateDescribeClusters,
  paginateDescribeInboundIntegrations,
  paginateDescribeIntegrations,
  paginateDescribeTags,
  waitUntilClusterAvailable,
  waitUntilClusterDeleted,
  waitUntilClusterRestored,
} from "@aws-sdk/client-redshift"
import { rdsClient } from "../rds/client.ts"
import {
  clusters,
  instanceArn,
  otherTargetArn,
  reader,
  region,
  serveDoor,
  tableArn,
  targetArn,
} from "../served-door.ts"
import { redshiftClient, redshiftScene, refusalCode } from "./client.ts"

describe("the Redshift door and the official client", () => {
  const scene = redshiftScene("integrations", "resource_tags")

  test("an integration's life: create, describe, modify, delete", async () => {
    const created = await scene.create({ Description: "first", TagList: [{ Key: "team", Value: "data" }] })
    assert.equal(created.Status, "creating")
    assert.match(
      created.IntegrationArn ?? "",
      new RegExp(`^arn:aws:redshift:${region}:\\d{12}:integration:[0-9a-f-]{36}$`),
    )
    assert.deepEqual(created.Tags, [{ Key: "team", Value: "data" }])
    assert.deepEqual(created.Errors, [])
    const IntegrationArn = created.IntegrationArn
    const { $metadata: _, ...fields } = created
    const found = await scene.client.send(new DescribeIntegrationsCommand({ IntegrationArn }))
    assert.deepEqual(found.Integrations, [fields])

    await scene.door.sql("update millrace.integrations set status = 'active'")
    const modified = await scene.client.send(
      new ModifyIntegrationCommand({ IntegrationArn, IntegrationName: "renamed", Description: "" }),
    )
    assert.equal(modified.IntegrationName, "renamed")
    assert.equal(modified.Description, undefined)
    const deleted = await scene.client.send(new DeleteIntegrationCommand({ IntegrationArn }))
    assert.equal(deleted.Status, "deleting")
    assert.equal(
      await refusalCode(scene.client.send(new DeleteIntegrationCommand({ IntegrationArn }))),
      "IntegrationConflictStateFault",
    )
  })

  test("each refusal of a creation has the code of the API", async () => {
    await scene.create()
    const expectations: [object, string][] = [
      [{}, "IntegrationAlreadyExistsFault"],
      [{ SourceArn: `${tableArn}-gone`, IntegrationName: "b" }, "IntegrationSourceNotFoundFault"],
      [{ TargetArn: `${targetArn}9`, IntegrationName: "b" }, "IntegrationTargetNotFoundFault"],
      [{ TargetArn: otherTargetArn, IntegrationName: "b" }, "IntegrationConflictOperationFault"],
      [{ SourceArn: instanceArn, IntegrationName: "b" }, "ValidationError"],
      [{ IntegrationName: "b", AdditionalEncryptionContext: { a: "b" } }, "InvalidParameterCombination"],
      [{ IntegrationName: "b", KMSKeyId: "k" }, "InvalidParameterValue"],
      [{ IntegrationName: "b", TagList: [{ Key: "aws:x" }] }, "InvalidTagFault"],
      [{ IntegrationName: "b", TagList: [{ Value: "x" }] }, "InvalidTagFault"],
      [
        { IntegrationName: "b", TagList: Array.from({ length: 51 }, (_, at) => ({ Key: `k${at}` })) },
        "TagLimitExceededFault",
      ],
    ]
    for (const [changes, code] of expectations) {
      assert.equal(await refusalCode(scene.create(changes)), code, JSON.stringify(changes))
    }
    const { Integrations } = await scene.client.send(new DescribeIntegrationsCommand())
    assert.equal(Integrations?.length, 1)
  })

  test("an engine that cannot be read yet is said to be so", async () => {
    const unbuilt = await serveDoor({ readable: false })
    try {
      const other = redshiftClient(unbuilt.endpoint)
      const input = { SourceArn: tableArn, TargetArn: targetArn, IntegrationName: "a" }
      assert.equal(await refusalCode(other.send(new CreateIntegrationCommand(input))), "UnsupportedOperation")
      other.destroy()
    } finally {
      await unbuilt.close()
    }
  })

  test("a taken name: the API has its own code where RDS has only a conflict", async () => {
    await scene.create()
    const { IntegrationArn } = await createForOtherTable("second")
    await scene.door.sql("update millrace.integrations set status = 'active'")
    assert.equal(
      await refusalCode(
        scene.client.send(new ModifyIntegrationCommand({ IntegrationArn, IntegrationName: "carts" })),
      ),
      "IntegrationAlreadyExistsFault",
    )
  })

  /** The door has one table; what lists integrations needs more than one. */
  async function createForOtherTable(name: string) {
    await scene.door.sql(
      "update millrace.integrations set source_arn = source_arn || '-' || name, target_arn = target_arn || name where source_arn = $1",
      [tableArn],
    )
    return await scene.create({ IntegrationName: name })
  }

  test("filters, each and together", async () => {
    const first = await scene.create()
    await scene.door.sql("update millrace.integrations set status = 'active'")
    const second = await createForOtherTable("second")
    const names = async (...Filters: { Name: string; Values: string[] }[]) => {
      const { Integrations } = await scene.client.send(
        new DescribeIntegrationsCommand({ Filters } as DescribeIntegrationsCommandInput),
      )
      return Integrations?.map(({ IntegrationName }) => IntegrationName)
    }
    const arns = [first.IntegrationArn ?? "", second.IntegrationArn ?? ""]
    assert.deepEqual(await names({ Name: "integration-arn", Values: [arns[1] ?? ""] }), ["second"])
    assert.deepEqual(await names({ Name: "integration-arn", Values: arns }), ["carts", "second"])
    assert.deepEqual(await names({ Name: "status", Values: ["active"] }), ["carts"])
    assert.deepEqual(await names({ Name: "source-arn", Values: [tableArn] }), ["second"])
    assert.deepEqual(await names({ Name: "source-types", Values: ["dynamodb"] }), ["carts", "second"])
    assert.deepEqual(await names({ Name: "source-types", Values: ["s3-event-notifications"] }), [])
    assert.deepEqual(
      await names(
        { Name: "status", Values: ["active"] },
        { Name: "integration-arn", Values: [arns[1] ?? ""] },
      ),
      [],
    )
    for (const wrong of [
      { Name: "status", Values: ["asleep"] },
      { Name: "source-types", Values: ["mysql"] },
      { Name: "status", Values: [] },
    ]) {
      assert.equal(await refusalCode(names(wrong)), "InvalidParameterValue", JSON.stringify(wrong))
    }
    const twice = { Name: "status", Values: ["active"] }
    assert.equal(await refusalCode(names(twice, twice)), "InvalidParameterCombination")
    const both = { IntegrationArn: arns[0], Filters: [twice] } as DescribeIntegrationsCommandInput
    assert.equal(
      await refusalCode(scene.client.send(new DescribeIntegrationsCommand(both))),
      "InvalidParameterCombination",
    )
    assert.equal(await refusalCode(names({ Name: "name", Values: ["a"] })), "ValidationError")
  })

  test("each API shows its own integrations; what arrives shows both", async () => {
    const rds = rdsClient(scene.door.endpoint)
    const fromRds = await rds.send(
      new CreateRdsIntegration({
        SourceArn: instanceArn,
        TargetArn: targetArn,
        IntegrationName: "shop",
        DataFilter: "include: shop.*.*",
      }),
    )
    rds.destroy()
    const own = await scene.create()
    const listed = await scene.client.send(new DescribeIntegrationsCommand())
    assert.deepEqual(
      listed.Integrations?.map(({ IntegrationName }) => IntegrationName),
      ["carts"],
    )
    const inbound = await scene.client.send(new DescribeInboundIntegrationsCommand({ TargetArn: targetArn }))
    assert.deepEqual(
      inbound.InboundIntegrations?.map(({ IntegrationArn }) => IntegrationArn),
      [fromRds.IntegrationArn, own.IntegrationArn],
    )
    const one = await scene.client.send(
      new DescribeInboundIntegrationsCommand({ IntegrationArn: fromRds.IntegrationArn }),
    )
    assert.equal(one.InboundIntegrations?.[0]?.SourceArn, instanceArn)
    const none = await scene.client.send(
      new DescribeInboundIntegrationsCommand({ TargetArn: otherTargetArn }),
    )
    assert.deepEqual(none.InboundIntegrations, [])
    const gone = (own.IntegrationArn ?? "").replace(/.$/, (last) => (last === "0" ? "1" : "0"))
    assert.equal(
      await refusalCode(scene.client.send(new DescribeInboundIntegrationsCommand({ IntegrationArn: gone }))),
      "IntegrationNotFoundFault",
    )
    assert.equal(
      await refusalCode(
        scene.client.send(new DescribeInboundIntegrationsCommand({ TargetArn: `${targetArn}9` })),
      ),
      "InvalidNamespaceFault",
    )
  })

  test("clusters are the warehouses, with the endpoint of the SQL port", async () => {
    const { Clusters } = await scene.client.send(new DescribeClustersCommand())
    assert.deepEqual(
      Clusters?.map(({ ClusterIdentifier, ClusterNamespaceArn }) => [ClusterIdentifier, ClusterNamespaceArn]),
      [
        [clusters[0], targetArn],
        [clusters[1], otherTargetArn],
      ],
    )
    assert.deepEqual(Clusters?.[0]?.Endpoint, { Address: "127.0.0.1", Port: 5439 })
    assert.equal(
      await refusalCode(
        scene.client.send(new DescribeClustersCommand({ ClusterIdentifier: clusters[0].toUpperCase() })),
      ),
      "ClusterNotFound",
    )
  })

  test("every waiter ends", async () => {
    const wait = { client: scene.client, maxWaitTime: 10, minDelay: 1, maxDelay: 2 }
    const known = { ClusterIdentifier: clusters[0] }
    assert.equal((await waitUntilClusterAvailable(wait, known)).state, "SUCCESS")
    assert.equal((await waitUntilClusterRestored(wait, known)).state, "SUCCESS")
    assert.equal((await waitUntilClusterDeleted(wait, { ClusterIdentifier: "gone" })).state, "SUCCESS")
  })

  test("every paginator sees each thing once", async () => {
    const { IntegrationArn = "" } = await scene.create()
    await scene.door.sql(
      `insert into millrace.integrations
       select md5(n::text)::uuid, replace(arn, id::text, md5(n::text)::uuid::text), service, name || n, description,
         source_arn || n, target_arn, data_filter, kms_key_id, additional_encryption_context,
         '[{"key": "n", "value": "1"}]', 'active', errors, created_at + n * interval '1 ms'
       from millrace.integrations, generate_series(1, 44) n`,
    )
    const sizes = {
      own: [] as number[],
      inbound: [] as number[],
      tags: [] as number[],
      clusters: [] as number[],
    }
    const seen = new Set<string>()
    for await (const page of paginateDescribeIntegrations({ client: scene.client, pageSize: 20 }, {})) {
      sizes.own.push(page.Integrations?.length ?? 0)
      for (const one of page.Integrations ?? []) seen.add(one.IntegrationArn ?? "")
    }
    for await (const page of paginateDescribeInboundIntegrations({ client: scene.client, pageSize: 20 }, {}))
      sizes.inbound.push(page.InboundIntegrations?.length ?? 0)
    for await (const page of paginateDescribeTags({ client: scene.client, pageSize: 10 }, {}))
      sizes.tags.push(page.TaggedResources?.length ?? 0)
    for await (const page of paginateDescribeClusters({ client: scene.client, pageSize: 20 }, {}))
      sizes.clusters.push(page.Clusters?.length ?? 0)
    assert.deepEqual(sizes, {
      own: [20, 20, 5],
      inbound: [20, 20, 5],
      tags: [10, 10, 10, 10, 4],
      clusters: [2],
    })
    assert.equal(seen.size, 45)
    assert.ok(seen.has(IntegrationArn))
  })

  test("a marker of another operation is refused", async () => {
    const { Marker } = await scene.client.send(new DescribeTagsCommand({ MaxRecords: 10 }))
    assert.equal(Marker, undefined)
    assert.equal(
      await refusalCode(scene.client.send(new DescribeIntegrationsCommand({ Marker: "foreign" }))),
      "InvalidParameterValue",
    )
  })

  test("who only reads changes nothing", async () => {
    const reading = redshiftClient(scene.door.endpoint, reader)
    const { IntegrationArn = "" } = await scene.create()
    assert.equal((await reading.send(new DescribeIntegrationsCommand())).Integrations?.length, 1)
    const changes = [
      () => reading.send(new DeleteIntegrationCommand({ IntegrationArn })),
      () => reading.send(new ModifyIntegrationCommand({ IntegrationArn, Description: "d" })),
      () =>
        reading.send(
          new CreateTagsCommand({ ResourceName: IntegrationArn, Tags: [{ Key: "k", Value: "" }] }),
        ),
      () => reading.send(new DeleteTagsCommand({ ResourceName: IntegrationArn, TagKeys: ["k"] })),
    ]
    for (const change of changes) assert.equal(await refusalCode(change()), "AccessDenied")
    reading.destroy()
  })
})
