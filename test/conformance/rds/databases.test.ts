import assert from "node:assert/strict"
import { after, before, beforeEach, describe, test } from "node:test"
import {
  AddTagsToResourceCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  ListTagsForResourceCommand,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  RemoveTagsFromResourceCommand,
  waitUntilDBClusterAvailable,
  waitUntilDBClusterDeleted,
  waitUntilDBInstanceAvailable,
  waitUntilDBInstanceDeleted,
} from "@aws-sdk/client-rds"
import {
  account,
  clusterArn,
  instanceArn,
  reader,
  region,
  type ServedDoor,
  serveDoor,
} from "../served-door.ts"
import { createCommand, rdsClient, refusal } from "./client.ts"

const instances = Array.from({ length: 41 }, (_, at) => `arn:aws:rds:${region}:${account}:db:orders-${at}`)

describe("databases and their tags, over the RDS API", () => {
  let door: ServedDoor
  let client: ReturnType<typeof rdsClient>
  before(async () => {
    door = await serveDoor({ sources: [instanceArn, clusterArn, ...instances] })
    client = rdsClient(door.endpoint)
  })
  after(async () => {
    client.destroy()
    await door.close()
  })
  beforeEach(() => door.sql("truncate millrace.integrations, millrace.resource_tags cascade"))

  const wireCode = async (call: Promise<unknown>) => {
    const error = await refusal(call)
    return "Code" in error ? error.Code : error.name
  }

  test("the configured sources, without what their URLs keep secret", async () => {
    const { DBInstances } = await client.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: "ORDERS" }),
    )
    assert.deepEqual(DBInstances, [
      {
        DBInstanceIdentifier: "orders",
        Engine: "postgres",
        DBInstanceStatus: "available",
        DBName: "none",
        Endpoint: { Address: "127.0.0.1", Port: 1 },
        DBInstanceArn: instanceArn,
        TagList: [],
      },
    ])
    const { DBClusters } = await client.send(
      new DescribeDBClustersCommand({ DBClusterIdentifier: clusterArn, IncludeShared: true }),
    )
    assert.deepEqual(DBClusters, [
      {
        DatabaseName: "none",
        DBClusterIdentifier: "crm",
        Status: "available",
        Endpoint: "127.0.0.1",
        Engine: "aurora-postgresql",
        Port: 1,
        DBClusterArn: clusterArn,
        TagList: [],
      },
    ])
    assert.doesNotMatch(JSON.stringify([DBInstances, DBClusters]), /s3cret|nobody/)
  })

  test("those that are not there", async () => {
    const calls: [() => Promise<unknown>, string][] = [
      [
        () => client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: "gone" })),
        "DBInstanceNotFound",
      ],
      [
        () => client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: "orders" })),
        "DBClusterNotFoundFault",
      ],
    ]
    for (const [call, code] of calls) assert.equal(await wireCode(call()), code)
  })

  test("filters", async () => {
    const found = async (Name: string, ...Values: string[]) =>
      (await client.send(new DescribeDBInstancesCommand({ Filters: [{ Name, Values }] }))).DBInstances?.length
    assert.equal(await found("db-instance-id", "orders", instances[0] ?? ""), 2)
    assert.equal(await found("engine", "postgres"), 42)
    assert.equal(await found("engine", "mysql"), 0)
    assert.equal(await found("db-cluster-id", "crm"), 0)
    assert.equal(await wireCode(found("db-instance-name", "orders")), "InvalidParameterValue")
    const { DBClusters } = await client.send(
      new DescribeDBClustersCommand({ Filters: [{ Name: "engine", Values: ["aurora-postgresql"] }] }),
    )
    assert.equal(DBClusters?.length, 1)
  })

  test("every paginator and every waiter", async () => {
    const sizes: number[] = []
    for await (const page of paginateDescribeDBInstances({ client, pageSize: 20 }, {}))
      sizes.push(page.DBInstances?.length ?? 0)
    assert.deepEqual(sizes, [20, 20, 2])
    let clusterCount = 0
    for await (const page of paginateDescribeDBClusters({ client, pageSize: 20 }, {}))
      clusterCount += page.DBClusters?.length ?? 0
    assert.equal(clusterCount, 1)
    const wait = { client, maxWaitTime: 10, minDelay: 1, maxDelay: 2 }
    const ends = [
      await waitUntilDBInstanceAvailable(wait, { DBInstanceIdentifier: "orders" }),
      await waitUntilDBInstanceDeleted(wait, { DBInstanceIdentifier: "gone" }),
      await waitUntilDBClusterAvailable(wait, { DBClusterIdentifier: "crm" }),
      await waitUntilDBClusterDeleted(wait, { DBClusterIdentifier: "gone" }),
    ]
    assert.ok(ends.every(({ state }) => state === "SUCCESS"))
  })

  test("tags of instances, clusters and integrations", async () => {
    const { IntegrationArn = "" } = await client.send(
      createCommand("tagged", { Tags: [{ Key: "a", Value: "1" }] }),
    )
    for (const ResourceName of [IntegrationArn, instanceArn, clusterArn]) {
      const Tags = [
        { Key: "a", Value: "2" },
        { Key: "b", Value: "" },
      ]
      await client.send(new AddTagsToResourceCommand({ ResourceName, Tags }))
      assert.deepEqual((await client.send(new ListTagsForResourceCommand({ ResourceName }))).TagList, Tags)
      await client.send(new RemoveTagsFromResourceCommand({ ResourceName, TagKeys: ["a", "never-there"] }))
      const left = await client.send(new ListTagsForResourceCommand({ ResourceName }))
      assert.deepEqual(left.TagList, [{ Key: "b", Value: "" }])
    }
    const { DBInstances } = await client.send(
      new DescribeDBInstancesCommand({ DBInstanceIdentifier: instanceArn }),
    )
    assert.deepEqual(DBInstances?.[0]?.TagList, [{ Key: "b", Value: "" }])
  })

  test("what has no tags, each kind under the code of the API", async () => {
    const gone = `arn:aws:rds:${region}:${account}`
    const expectations: [string, string][] = [
      [`${gone}:integration:00000000-0000-4000-8000-000000000001`, "IntegrationNotFoundFault"],
      [`${gone}:db:gone`, "DBInstanceNotFound"],
      [`${gone}:cluster:gone`, "DBClusterNotFoundFault"],
      [`${gone}:snapshot:x`, "DBSnapshotNotFound"],
      [`${gone}:db-proxy:x`, "DBProxyNotFoundFault"],
      [`${gone}:constructor:x`, "InvalidParameterValue"],
      ["orders", "InvalidParameterValue"],
    ]
    for (const [ResourceName, code] of expectations) {
      assert.equal(await wireCode(client.send(new ListTagsForResourceCommand({ ResourceName }))), code)
    }
    const filtered = { ResourceName: instanceArn, Filters: [{ Name: "a", Values: ["b"] }] }
    assert.equal(
      await wireCode(client.send(new ListTagsForResourceCommand(filtered))),
      "InvalidParameterValue",
    )
    const reading = rdsClient(door.endpoint, reader)
    const tag = new AddTagsToResourceCommand({ ResourceName: instanceArn, Tags: [{ Key: "k", Value: "" }] })
    assert.equal(await wireCode(reading.send(tag)), "AccessDenied")
    reading.destroy()
  })
})
