/**
 * What Terraform's AWS provider (5.100) reads from the operations here, by its read code, and fails or recreates resources without:
 * internal/service/{rds,redshift}/integration.go and internal/service/redshift/{cluster_data_source,partner,resource_policy}.go.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
  AddTagsToResourceCommand,
  CreateIntegrationCommand as CreateRdsIntegration,
  DeleteIntegrationCommand as DeleteRdsIntegration,
  DescribeDBInstancesCommand,
  DescribeIntegrationsCommand as DescribeRdsIntegrations,
  ModifyIntegrationCommand as ModifyRdsIntegration,
} from "@aws-sdk/client-rds"
import {
  AddPartnerCommand,
  CreateTagsCommand,
  DeleteIntegrationCommand,
  DescribeClustersCommand,
  DescribeIntegrationsCommand,
  DescribeLoggingStatusCommand,
  DescribePartnersCommand,
  GetResourcePolicyCommand,
  ModifyIntegrationCommand,
  PutResourcePolicyCommand,
} from "@aws-sdk/client-redshift"
import { defaultKeyArn } from "../../src/domain/default-key.ts"
import { rdsClient } from "./rds/client.ts"
import { redshiftScene, refusalCode } from "./redshift/client.ts"
import { account, clusters, instanceArn, region, targetArn } from "./served-door.ts"

const usualKey = defaultKeyArn({ region, account })

describe("what Terraform's provider reads", () => {
  const scene = redshiftScene("integrations", "resource_tags", "partners", "resource_policies")

  // kms_key_id is Optional and Computed with RequiresReplace: a value that is unknown after an update replaces the resource.
  test("aws_rds_integration: the same KMSKeyId from every operation, also through a change of tags", async (t) => {
    const client = rdsClient(scene.door.endpoint)
    t.after(() => client.destroy())
    const input = {
      SourceArn: instanceArn,
      TargetArn: targetArn,
      IntegrationName: "plain",
      DataFilter: "include: a.*.*",
    }
    const made = await client.send(new CreateRdsIntegration(input))
    const IntegrationIdentifier = made.IntegrationArn
    const read = async () => {
      const found = await client.send(new DescribeRdsIntegrations({ IntegrationIdentifier }))
      return found.Integrations?.[0]
    }
    await scene.door.sql("update millrace.integrations set status = 'active'")
    const before = await read()
    const tags = { ResourceName: IntegrationIdentifier, Tags: [{ Key: "team", Value: "a" }] }
    await client.send(new AddTagsToResourceCommand(tags))
    const after = await read()
    const modified = await client.send(
      new ModifyRdsIntegration({ IntegrationIdentifier, Description: "other" }),
    )
    const deleted = await client.send(new DeleteRdsIntegration({ IntegrationIdentifier }))
    for (const answer of [made, before, after, modified, deleted]) assert.equal(answer?.KMSKeyId, usualKey)
    for (const member of ["DataFilter", "IntegrationArn", "SourceArn", "TargetArn", "CreateTime"] as const)
      assert.ok(after?.[member] !== undefined, member)
    assert.deepEqual(after?.Tags, [{ Key: "team", Value: "a" }])
    assert.deepEqual(after?.Errors, [])
    // Null and empty are the same to the provider; what nobody gave stays away.
    assert.equal(after?.AdditionalEncryptionContext, undefined)
  })

  test("aws_redshift_integration: the same KMSKeyId from every operation, also through a change of tags", async () => {
    const made = await scene.create()
    const IntegrationArn = made.IntegrationArn ?? ""
    const read = async () =>
      (await scene.client.send(new DescribeIntegrationsCommand({ IntegrationArn }))).Integrations?.[0]
    await scene.door.sql("update millrace.integrations set status = 'active'")
    const before = await read()
    const tags = { ResourceName: IntegrationArn, Tags: [{ Key: "team", Value: "a" }] }
    await scene.client.send(new CreateTagsCommand(tags))
    const after = await read()
    const modified = await scene.client.send(
      new ModifyIntegrationCommand({ IntegrationArn, Description: "other" }),
    )
    const deleted = await scene.client.send(new DeleteIntegrationCommand({ IntegrationArn }))
    for (const answer of [made, before, after, modified, deleted]) assert.equal(answer?.KMSKeyId, usualKey)
    assert.deepEqual(after?.Tags, [{ Key: "team", Value: "a" }])
  })

  test("the default key may be given back: it means no key, and a context cannot be bound to it", async () => {
    const made = await scene.create({ KMSKeyId: usualKey })
    assert.equal(made.KMSKeyId, usualKey)
    const [row] = await scene.door.sql("select kms_key_id from millrace.integrations")
    assert.equal(row?.kms_key_id, null, "an integration is to be encrypted under a key that there is not")
    const bound = { KMSKeyId: usualKey, AdditionalEncryptionContext: { team: "a" }, IntegrationName: "b" }
    assert.equal(await refusalCode(scene.create(bound)), "InvalidParameterCombination")
    const other = defaultKeyArn({ region: "eu-west-1", account })
    assert.equal(
      await refusalCode(scene.create({ KMSKeyId: other, IntegrationName: "b" })),
      "InvalidParameterValue",
    )
  })

  // clusterAvailabilityZoneRelocationStatus and clusterMultiAZStatus fail for anything but enabled and disabled.
  test("aws_redshift_cluster: relocation, zones, endpoint and logging are told", async () => {
    const [ClusterIdentifier] = clusters
    const found = await scene.client.send(new DescribeClustersCommand({ ClusterIdentifier }))
    const cluster = found.Clusters?.[0]
    assert.equal(cluster?.AvailabilityZoneRelocationStatus, "disabled")
    assert.equal(cluster?.MultiAZ?.toLowerCase(), "disabled")
    assert.equal(cluster?.Endpoint?.Port, 5439)
    assert.equal(cluster?.ClusterNamespaceArn, targetArn)
    assert.equal(cluster?.PubliclyAccessible, false)
    for (const member of [
      "ClusterVersion",
      "AllowVersionUpgrade",
      "Encrypted",
      "EnhancedVpcRouting",
      "Tags",
    ] as const)
      assert.ok(cluster?.[member] !== undefined, member)
    const logging = await scene.client.send(new DescribeLoggingStatusCommand({ ClusterIdentifier }))
    assert.equal(logging.LoggingEnabled, false)
    const gone = scene.client.send(new DescribeLoggingStatusCommand({ ClusterIdentifier: "gone" }))
    assert.equal(await refusalCode(gone), "ClusterNotFound")
  })

  test("aws_redshift_partner and aws_redshift_resource_policy: what was put comes back", async () => {
    const partner = {
      AccountId: account,
      ClusterIdentifier: clusters[0],
      DatabaseName: "dev",
      PartnerName: "Fivetran",
    }
    const added = await scene.client.send(new AddPartnerCommand(partner))
    assert.deepEqual([added.DatabaseName, added.PartnerName], ["dev", "Fivetran"])
    const { PartnerIntegrationInfoList } = await scene.client.send(new DescribePartnersCommand(partner))
    const [info] = PartnerIntegrationInfoList ?? []
    assert.deepEqual([info?.PartnerName, info?.DatabaseName, info?.Status], ["Fivetran", "dev", "Inactive"])
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { Service: "redshift.amazonaws.com" },
          Action: "redshift:AuthorizeInboundIntegration",
        },
      ],
    })
    await scene.client.send(new PutResourcePolicyCommand({ ResourceArn: targetArn, Policy }))
    const { ResourcePolicy } = await scene.client.send(
      new GetResourcePolicyCommand({ ResourceArn: targetArn }),
    )
    assert.deepEqual(ResourcePolicy, { ResourceArn: targetArn, Policy })
  })

  test("aws_db_instance: address, port, engine and name are told", async (t) => {
    const client = rdsClient(scene.door.endpoint)
    t.after(() => client.destroy())
    const asked = new DescribeDBInstancesCommand({ DBInstanceIdentifier: "orders" })
    const instance = (await client.send(asked)).DBInstances?.[0]
    for (const member of ["DBInstanceIdentifier", "DBInstanceArn", "Engine", "Endpoint", "DBName"] as const)
      assert.ok(instance?.[member] !== undefined, member)
  })
})
