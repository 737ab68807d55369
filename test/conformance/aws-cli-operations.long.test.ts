import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { type AwsCommand, awsCommand, skip } from "./aws-command.ts"
import { model } from "./aws-model.ts"
import {
  account,
  clusterArn,
  clusters,
  instanceArn,
  region,
  type ServedDoor,
  serveDoor,
  tableArn,
  targetArn,
} from "./served-door.ts"

const partner = [
  ...["--account-id", account, "--cluster-identifier", clusters[0]],
  ...["--database-name", "sales", "--partner-name", "Fivetran"],
]
const cluster = `arn:aws:redshift:${region}:${account}:cluster:${clusters[0]}`
const policy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "redshift:*" }],
})

/** Every operation once, in an order in which each succeeds, and what its answer says. `ARN` is what was made last. */
const calls: [string, string, string[], RegExp][] = [
  [
    "redshift",
    "create-integration",
    ["--source-arn", tableArn, "--target-arn", targetArn, "--integration-name", "a"],
    /creating/,
  ],
  ["redshift", "describe-integrations", ["--integration-arn", "ARN"], /active/],
  ["redshift", "describe-inbound-integrations", ["--target-arn", targetArn], /dynamodb/],
  ["redshift", "modify-integration", ["--integration-arn", "ARN", "--integration-name", "b"], /"b"/],
  ["redshift", "create-tags", ["--resource-name", "ARN", "--tags", "Key=k,Value=v"], /^$/],
  ["redshift", "describe-tags", ["--resource-name", "ARN"], /"v"/],
  ["redshift", "delete-tags", ["--resource-name", "ARN", "--tag-keys", "k"], /^$/],
  ["redshift", "delete-integration", ["--integration-arn", "ARN"], /deleting/],
  ["redshift", "put-resource-policy", ["--resource-arn", targetArn, "--policy", policy], /Statement/],
  ["redshift", "get-resource-policy", ["--resource-arn", targetArn], /Statement/],
  ["redshift", "delete-resource-policy", ["--resource-arn", targetArn], /^$/],
  ["redshift", "add-partner", partner, /Fivetran/],
  ["redshift", "update-partner-status", [...partner, "--status", "Active"], /Fivetran/],
  ["redshift", "describe-partners", partner.slice(0, 4), /Active/],
  ["redshift", "delete-partner", partner, /Fivetran/],
  ["redshift", "describe-clusters", [], /analytics/],
  [
    "rds",
    "create-integration",
    [
      "--source-arn",
      instanceArn,
      "--target-arn",
      targetArn,
      "--integration-name",
      "c",
      "--data-filter",
      "include: a.b.*",
    ],
    /creating/,
  ],
  ["rds", "describe-integrations", ["--integration-identifier", "c"], /active/],
  ["rds", "modify-integration", ["--integration-identifier", "ARN", "--description", "d"], /"d"/],
  ["rds", "add-tags-to-resource", ["--resource-name", clusterArn, "--tags", "Key=k,Value=v"], /^$/],
  ["rds", "list-tags-for-resource", ["--resource-name", clusterArn], /"v"/],
  ["rds", "remove-tags-from-resource", ["--resource-name", clusterArn, "--tag-keys", "k"], /^$/],
  ["rds", "delete-integration", ["--integration-identifier", "ARN"], /deleting/],
  ["rds", "describe-db-instances", ["--db-instance-identifier", "orders"], /available/],
  ["rds", "describe-db-clusters", [], /aurora-postgresql/],
]

const waits = [
  ["redshift", "cluster-available", "--cluster-identifier", clusters[0]],
  ["redshift", "cluster-restored", "--cluster-identifier", clusters[0]],
  ["redshift", "cluster-deleted", "--cluster-identifier", "gone"],
  ["rds", "db-instance-available", "--db-instance-identifier", "orders"],
  ["rds", "db-instance-deleted", "--db-instance-identifier", "gone"],
  ["rds", "db-cluster-available", "--db-cluster-identifier", "crm"],
  ["rds", "db-cluster-deleted", "--db-cluster-identifier", "gone"],
]

describe("the aws command and every operation", { skip }, () => {
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

  test("none is left out", () => {
    const words = ({ operations }: { operations: object }) =>
      Object.keys(operations).map((name) =>
        name.replace(/(?<=[a-z])(?=[A-Z])|(?<=DB)(?=[A-Z])/g, "-").toLowerCase(),
      )
    const all = [
      ...words(model.services.redshift).map((name) => `redshift ${name}`),
      ...words(model.services.rds).map((name) => `rds ${name}`),
    ]
    assert.deepEqual(calls.map(([service, name]) => `${service} ${name}`).toSorted(), all.toSorted())
  })

  test("each one, in the life of an integration", async () => {
    let arn = ""
    for (const [service, name, parameters, expected] of calls) {
      const given = parameters.map((one) => (one === "ARN" ? arn : one))
      const { exitCode, stdout, stderr } = await command.run(service, name, ...given)
      assert.equal(exitCode, 0, `${service} ${name}: ${stderr}`)
      assert.match(stdout.trim(), expected, `${service} ${name}`)
      if (name !== "create-integration") continue
      arn = JSON.parse(stdout).IntegrationArn
      await door.sql("update millrace.integrations set status = 'active' where arn = $1", [arn])
    }
    const tags = await command.answer("redshift", "describe-tags", "--resource-name", cluster)
    assert.deepEqual(tags, { TaggedResources: [] })
  })

  for (const [service = "", waiter = "", ...parameters] of waits) {
    test(`${service} wait ${waiter} ends at once`, async () => {
      const { exitCode, stderr } = await command.run(service, "wait", waiter, ...parameters)
      assert.equal(exitCode, 0, stderr)
    })
  }
})

/** What the command goes through page by page. */
const listings = [
  ["rds", "describe-integrations", "Integrations"],
  ["rds", "describe-db-instances", "DBInstances"],
  ["rds", "describe-db-clusters", "DBClusters"],
  ["redshift", "describe-integrations", "Integrations"],
  ["redshift", "describe-inbound-integrations", "InboundIntegrations"],
  ["redshift", "describe-tags", "TaggedResources"],
] as const
const many = 45

describe("the aws command and pages", { skip }, () => {
  let door: ServedDoor
  let command: AwsCommand
  before(async () => {
    const numbers = Array.from({ length: many }, (_, n) => n)
    const sources = [instanceArn, clusterArn, tableArn].flatMap((arn) => numbers.map((n) => `${arn}${n}`))
    door = await serveDoor({ sources })
    command = await awsCommand(door.endpoint)
    await command.answer(
      ...["redshift", "create-integration", "--integration-name", "a", "--tag-list", "Key=k,Value=v"],
      ...["--source-arn", `${tableArn}0`, "--target-arn", targetArn],
    )
    for (const service of ["redshift", "rds"])
      await door.sql(
        `insert into millrace.integrations select (jsonb_populate_record(null::millrace.integrations, to_jsonb(one) || jsonb_build_object('id', uid,
          'arn', 'arn:aws:' || $1 || ':us-east-1:123456789012:integration:' || uid, 'service', $1, 'name', $1 || n,
          'source_arn', one.source_arn || $1 || n, 'status', 'active',
          'created_at', one.created_at + n * interval '1 ms'))).*
        from (select * from millrace.integrations limit 1) as one,
          (select n, gen_random_uuid()::text as uid from generate_series(1, $2::int) as n) as others`,
        [service, many - (service === "redshift" ? 1 : 0)],
      )
  })
  after(async () => {
    await door.close()
    await command.remove()
  })

  for (const [service, operation, member] of listings) {
    test(`${service} ${operation}: pages of 20 are all there are, each once`, async () => {
      const found = (await command.answer(service, operation, "--page-size", "20"))[member]
      assert.equal(new Set(found.map((one: object) => JSON.stringify(one))).size, found.length)
      assert.equal(found.length, operation === "describe-inbound-integrations" ? 2 * many : many)
    })
  }
})
