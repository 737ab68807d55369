import assert from "node:assert/strict"
import { after, before, describe, test } from "node:test"
import { rdsService } from "../../src/front-doors/rds/operations.ts"
import type { QueryOperation } from "../../src/wire/aws-query/operation.ts"
import type { Shape } from "../../src/wire/shapes/shape.ts"
import { send, signed } from "./raw-http.ts"
import { instanceArn, type ServedDoor, serveDoor, targetArn } from "./served-door.ts"

/** One parameter set that must be refused, made from the shape data of its operation. */
interface Attempt {
  operation: string
  what: string
  parameters: Record<string, string>
  code: string
  message: RegExp
}

const valid: Record<string, Record<string, string>> = {
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
}

function attempts(): Attempt[] {
  return Object.entries<QueryOperation>(rdsService.operations).flatMap(([operation, { input }]) =>
    Object.entries(input.members).flatMap(([member, shape]) => [
      ...missing(operation, member, input.required ?? []),
      ...broken(member, shape).map((one) => ({
        operation,
        ...one,
        parameters: { ...valid[operation], ...one.parameters },
      })),
    ]),
  )
}

function missing(operation: string, member: string, required: readonly string[]): Attempt[] {
  if (!required.includes(member)) return []
  const parameters = Object.fromEntries(
    Object.entries(valid[operation] ?? {}).filter(([name]) => name.split(".")[0] !== member),
  )
  const message = new RegExp(`The request must contain the parameter ${member}<`)
  return [{ operation, what: `${member} missing`, parameters, code: "MissingParameter", message }]
}

type Broken = Omit<Attempt, "operation">

function broken(member: string, shape: Shape): Broken[] {
  const refusal = (
    what: string,
    parameters: Record<string, string>,
    code: string,
    message: RegExp,
  ): Broken => ({
    what: `${member} ${what}`,
    parameters,
    code,
    message,
  })
  const constraint = (what: string, parameters: Record<string, string>, message: RegExp) =>
    refusal(what, parameters, "ValidationError", message)
  switch (shape.kind) {
    case "string":
      return [
        ...(shape.max === undefined
          ? []
          : [
              constraint(
                "too long",
                { [member]: "a".repeat(shape.max + 1) },
                new RegExp(`length less than or equal to ${shape.max}`),
              ),
            ]),
        ...(shape.min === undefined || shape.min === 0
          ? []
          : [
              constraint(
                "too short",
                { [member]: "a".repeat(shape.min - 1) },
                new RegExp(`length greater than or equal to ${shape.min}`),
              ),
            ]),
        ...(shape.pattern === undefined
          ? []
          : ["\n", "a\nb", "\u{2028}"].map((text) =>
              constraint(
                `as ${JSON.stringify(text)}`,
                { [member]: text },
                /regular expression pattern: |length/,
              ),
            )),
        constraint(
          "with a control character",
          { [member]: `${"a".repeat(20)}\u0001` },
          /pattern|control characters/,
        ),
        refusal("as a list", { [`${member}.member.1`]: "a" }, "InvalidQueryParameter", /single value/),
      ]
    case "integer":
      return ["", "x", "1.5", "99999999999"].map((text) =>
        refusal(`as "${text}"`, { [member]: text }, "InvalidParameterValue", /Must be an integer/),
      )
    case "list": {
      const name = (at: number) => `${member}.${shape.itemName}.${at}`
      const item = shape.item.kind === "structure" ? Object.keys(shape.item.members)[0] : undefined
      const tooMany = Array.from({ length: (shape.max ?? 0) + 1 }, (_, at) => [
        item === undefined ? name(at + 1) : `${name(at + 1)}.${item}`,
        "a",
      ])
      return [
        refusal("as a scalar", { [member]: "a" }, "InvalidQueryParameter", /is a list/),
        refusal(
          "under another item name",
          { [`${member}.item.1`]: "a" },
          "InvalidQueryParameter",
          new RegExp(`${member}.${shape.itemName}.1`),
        ),
        ...(member === "Tags"
          ? [constraint("too many", Object.fromEntries(tooMany), /less than or equal to 50/)]
          : []),
      ]
    }
    case "map":
      return [
        refusal("as a scalar", { [member]: "a" }, "InvalidQueryParameter", /is a list/),
        refusal(
          "without a value",
          { [`${member}.entry.1.key`]: "a" },
          "InvalidQueryParameter",
          /exactly a key and a value/,
        ),
      ]
    case "boolean":
      return ["", "yes", "1"].map((text) =>
        refusal(`as "${text}"`, { [member]: text }, "InvalidParameterValue", /Must be true or false/),
      )
    default:
      return assert.fail(`no attempts for a ${shape.kind}`)
  }
}

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
  parameters: { ...valid.CreateIntegration, [member]: value },
  code: "ValidationError",
  message: /regular expression pattern/,
}))

describe("constraints, generated from the operations' own shape data, over raw HTTP", () => {
  let door: ServedDoor
  before(async () => {
    door = await serveDoor()
  })
  after(() => door.close())

  async function call(operation: string, parameters: Record<string, string>, version = rdsService.version) {
    const body = new URLSearchParams({ Action: operation, Version: version, ...parameters }).toString()
    return send(door.port, await signed({ port: door.port, body }))
  }

  for (const attempt of [...attempts(), ...patternAttempts]) {
    test(`${attempt.operation}: ${attempt.what}`, async () => {
      const answer = await call(attempt.operation, attempt.parameters)
      assert.equal(answer.code, attempt.code, answer.body)
      assert.equal(answer.status, 400)
      assert.match(answer.body, attempt.message)
    })
  }

  test("the values that the attempts start from are themselves accepted", async () => {
    const created = await call("CreateIntegration", valid.CreateIntegration ?? {})
    assert.equal(created.status, 200, created.body)
    await door.sql("update millrace.integrations set status = 'active'")
    for (const operation of ["DescribeIntegrations", "ModifyIntegration", "DeleteIntegration"]) {
      const answer = await call(operation, valid[operation] ?? {})
      assert.equal(answer.status, 200, answer.body)
    }
  })

  test("values exactly at their limits are accepted", async () => {
    await door.sql("delete from millrace.integrations")
    const tags = Array.from({ length: 50 }, (_, at) => [
      [`Tags.Tag.${at + 1}.Key`, `${String(at).padStart(2, "0")}${"k".repeat(126)}`],
      [`Tags.Tag.${at + 1}.Value`, "v".repeat(256)],
    ])
    const answer = await call("CreateIntegration", {
      ...valid.CreateIntegration,
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
