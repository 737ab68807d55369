import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { rdsService } from "../../../src/front-doors/rds/operations.ts"
import { redshiftService } from "../../../src/front-doors/redshift/operations.ts"
import { model } from "../aws-model.ts"
import {
  account,
  clusters,
  instanceArn,
  region,
  type ServedDoor,
  serveDoor,
  tableArn,
  targetArn,
} from "../served-door.ts"
import { send, signed } from "../wire/raw-http.ts"
import { type Attempt, attemptsOf } from "./constraint-attempts.ts"

const anArn = `arn:aws:redshift:${region}:${account}:integration:00000000-0000-4000-8000-000000000001`
const aCluster = `arn:aws:redshift:${region}:${account}:cluster:${clusters[0]}`
const aPartner = {
  AccountId: account,
  ClusterIdentifier: clusters[0],
  DatabaseName: "sales",
  PartnerName: "Fivetran",
}
const aPolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: "*", Action: "*" }],
})

/** What each operation accepts, in an order in which all of them are accepted one after the other. */
const accepted: Record<"rds" | "redshift", Record<string, Record<string, string>>> = {
  rds: {
    CreateIntegration: {
      SourceArn: instanceArn,
      TargetArn: targetArn,
      IntegrationName: "constrained",
      DataFilter: "include: a.*.*",
    },
    DescribeIntegrations: {},
    ModifyIntegration: { IntegrationIdentifier: "constrained" },
    DeleteIntegration: { IntegrationIdentifier: "constrained" },
    AddTagsToResource: { ResourceName: instanceArn, "Tags.Tag.1.Key": "k" },
    ListTagsForResource: { ResourceName: instanceArn },
    RemoveTagsFromResource: { ResourceName: instanceArn, "TagKeys.member.1": "k" },
    DescribeDBInstances: {},
    DescribeDBClusters: {},
  },
  redshift: {
    CreateIntegration: { SourceArn: tableArn, TargetArn: targetArn, IntegrationName: "constrained-too" },
    DescribeIntegrations: {},
    ModifyIntegration: { IntegrationArn: anArn },
    DeleteIntegration: { IntegrationArn: anArn },
    DescribeInboundIntegrations: {},
    CreateTags: { ResourceName: aCluster, "Tags.Tag.1.Key": "k" },
    DescribeTags: {},
    DeleteTags: { ResourceName: aCluster, "TagKeys.TagKey.1": "k" },
    PutResourcePolicy: { ResourceArn: targetArn, Policy: aPolicy },
    GetResourcePolicy: { ResourceArn: targetArn },
    DeleteResourcePolicy: { ResourceArn: targetArn },
    DescribeClusters: {},
    DescribeLoggingStatus: { ClusterIdentifier: clusters[0] },
    AddPartner: aPartner,
    DescribePartners: { AccountId: account, ClusterIdentifier: clusters[0] },
    UpdatePartnerStatus: { ...aPartner, Status: "Active" },
    DeletePartner: aPartner,
  },
}

const services = [
  { name: "rds", service: rdsService },
  { name: "redshift", service: redshiftService },
] as const

const names = ["1abc", "a-", "a--b", "-a", "a_b", "a b", "ä", `a${"-a".repeat(30)}-`, `${"a".repeat(62)}!`]
const sourceArns = [
  "arn:aws:rds:us-east-1:123456789012:snapshot:x",
  "arn:aws:s3:::bucket",
  "arn:aws:rds:us-east-1:123456789012:db:Upper",
  "arn:aws:rds:us-east-1:123456789012:db:a--b",
  `${instanceArn}:more`,
]

const patternAttempts: Attempt[] = [
  ...names.map((IntegrationName) => ({ member: "IntegrationName", value: IntegrationName })),
  ...sourceArns.map((SourceArn) => ({ member: "SourceArn", value: SourceArn })),
  { member: "DataFilter", value: "include: a.b.c;" },
  { member: "DataFilter", value: "include: a.b.ü" },
  { member: "Tags.Tag.1.Key", value: "no#hash" },
].map(({ member, value }) => ({
  operation: "CreateIntegration",
  what: `${member} ${JSON.stringify(value)}`,
  parameters: { ...accepted.rds.CreateIntegration, [member]: value },
  code: "ValidationError",
  message: /regular expression pattern/,
}))

describe("constraints, generated from the operations' own shape data, over raw HTTP", () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor()
  })
  after(() => door.close())

  async function call(service: "rds" | "redshift", operation: string, parameters: Record<string, string>) {
    const { version } = model.services[service]
    const body = new URLSearchParams({ Action: operation, Version: version, ...parameters }).toString()
    return send(door.port, await signed({ port: door.port, service, body }))
  }

  /** Everything that a call could change. */
  async function state(): Promise<string> {
    const tables = ["integrations", "destinations", "partners", "resource_policies", "resource_tags"]
    const rows = tables.map((table) => `(select json_agg(t) from millrace.${table} t)`).join(", ")
    return JSON.stringify(await door.sql(`select json_build_array(${rows})`))
  }

  for (const { name, service } of services) {
    const all = attemptsOf(service, accepted[name])
    for (const operation of Object.keys(service.operations)) {
      const attempts: Attempt[] = [
        ...all.filter((one) => one.operation === operation),
        ...(name === "rds" ? patternAttempts : []).filter((one) => one.operation === operation),
      ]
      if (attempts.length === 0) continue
      test(`${name} ${operation}: ${attempts.length} ways to break it, of which none changes anything`, async () => {
        const unchanged = await state()
        for (const { what, parameters, code, message } of attempts) {
          const answer = await call(name, operation, parameters)
          assert.equal(answer.code, code, `${what}: ${answer.body}`)
          assert.equal(answer.status, 400, what)
          assert.match(answer.body, message, what)
        }
        assert.equal(await state(), unchanged)
      })
    }

    for (const [operation, { pageSize }] of Object.entries(model.services[name].operations)) {
      if (pageSize === undefined) continue
      const { min, max } = pageSize
      test(`${name} ${operation}: pages of ${min} to ${max}, and markers of its own only`, async () => {
        for (const size of [min - 1, max + 1, 0, -1]) {
          const answer = await call(name, operation, { MaxRecords: String(size) })
          assert.equal(answer.code, "InvalidParameterValue", answer.body)
          assert.match(answer.body, new RegExp(`Must be between ${min} and ${max}`))
        }
        for (const size of [min, max]) {
          const answer = await call(name, operation, { MaxRecords: String(size) })
          assert.equal(answer.status, 200, answer.body)
        }
        for (const Marker of ["foreign", "AAAA", "1"]) {
          const answer = await call(name, operation, { Marker })
          assert.equal(answer.code, "InvalidParameterValue", answer.body)
        }
      })
    }

    test(`${name}: what the attempts start from is itself accepted`, async () => {
      for (const [operation, parameters] of Object.entries(accepted[name])) {
        const answer = await call(name, operation, parameters)
        assert.equal(answer.status, 200, `${operation}: ${answer.body}`)
        if (operation !== "CreateIntegration") continue
        await door.sql("update millrace.integrations set status = 'active'")
        await door.sql("update millrace.integrations set arn = $1 where service = 'redshift'", [anArn])
      }
    })
  }

  test("values exactly at their limits are accepted", async () => {
    await door.sql("delete from millrace.integrations")
    const tags = Array.from({ length: 50 }, (_, at) => [
      [`Tags.Tag.${at + 1}.Key`, `${String(at).padStart(2, "0")}${"k".repeat(126)}`],
      [`Tags.Tag.${at + 1}.Value`, "v".repeat(256)],
    ])
    const answer = await call("rds", "CreateIntegration", {
      ...accepted.rds.CreateIntegration,
      IntegrationName: "n".repeat(63),
      Description: "漢".repeat(1000),
      ...Object.fromEntries(tags.flat()),
    })
    assert.equal(answer.status, 200, answer.body)
  })

  test("unknown, missing and mistaken actions and versions", async () => {
    const expectations: [string, string | undefined, RegExp][] = [
      [
        "Action=Nothing&Version=2014-10-31",
        "InvalidAction",
        /Could not find operation Nothing for version 2014-10-31/,
      ],
      ["Action=describeintegrations&Version=2014-10-31", "InvalidAction", /Could not find/],
      ["Action=constructor&Version=2014-10-31", "InvalidAction", /Could not find/],
      ["Action=DescribeIntegrations&Version=2012-12-01", "InvalidAction", /for version 2012-12-01/],
      ["Action=DescribeIntegrations", "InvalidAction", /NO_VERSION_SPECIFIED/],
      ["Version=2014-10-31", "MissingAction", /Action/],
      ["Action=&Version=2014-10-31", "MissingAction", /Action/],
      ["", "MissingAction", /Action/],
    ]
    for (const [body, code, message] of expectations) {
      const answer = await send(door.port, await signed({ port: door.port, body }))
      assert.equal(answer.code, code, body)
      assert.equal(answer.status, 400)
      assert.match(answer.body, message)
    }
  })

  test("a path and a method that the service does not have", async () => {
    const path = await send(door.port, await signed({ port: door.port, path: "/other" }))
    assert.equal(path.code, "InvalidAction")
    const method = await send(door.port, await signed({ port: door.port, method: "PUT" }))
    assert.equal(method.code, "InvalidAction")
  })
})
