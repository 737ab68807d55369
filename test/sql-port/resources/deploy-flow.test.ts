/**
 * What stackql-deploy asks of a server, step by step by a PostgreSQL client: what there is, exists, create, statecheck, update, exports, delete.
 * (Source: its page of flows, and the anchors of its query files.)
 */
import assert from "node:assert/strict"
import { after, before, describe, type TestContext, test } from "node:test"
import { type ResourcePlace, region, resourcePlace } from "./place.ts"

const type = "AWS::CustomerProfiles::ObjectType"
const table = "awscc.customerprofiles.object_types"
const identifier = "shop|orders"

describe("the flow of a deployment", () => {
  let place: ResourcePlace
  const notices: string[] = []
  const ends: (() => unknown)[] = []
  const context = { after: (end: () => unknown) => void ends.unshift(end), diagnostic: () => undefined }
  before(async () => {
    place = await resourcePlace(context as unknown as TestContext)
    place.client.on("notice", ({ message }) => notices.push(message ?? ""))
  })
  after(async () => {
    for (const end of ends) await end()
  })

  const exists = `/*+ exists */ SELECT COUNT(*) as count FROM ${table} WHERE region = '${region}' AND Identifier = '${identifier}';`
  const statecheck = (description: string, tags: object[]) => `/*+ statecheck, retries=3, retry_delay=1 */
    SELECT COUNT(*) as count FROM (
      SELECT description = '${description}' AS test_description, AWS_POLICY_EQUAL(tags, '${JSON.stringify(tags)}') AS test_tags
      FROM ${table} WHERE region = '${region}' AND Identifier = '${identifier}') t
    WHERE test_description = 1 AND test_tags = 1;`
  const tags = [
    { Key: "stack", Value: "crm" },
    { Key: "env", Value: "dev" },
  ]
  const counted = async (sql: string) => Number((await place.records(sql))[0]?.count)
  const ended = async (token: string | null | undefined) => {
    const status = `SELECT OperationStatus FROM awscc.cloud_control.resource_request WHERE region = '${region}' AND RequestToken = '${token}'`
    for (;;) {
      const [row] = await place.rows(status)
      if (row?.[0] !== "IN_PROGRESS") return row?.[0]
      await place.rows("SLEEP 20")
    }
  }

  test("a resource that is not there is created, changed when it differs, exported and deleted", async () => {
    assert.deepEqual(await place.rows("SHOW PROVIDERS"), [["awscc", "v1"]])
    await place.rows("REGISTRY PULL awscc")
    assert.equal(await counted(exists), 0)

    const [created] = await place.records(`/*+ create */
      INSERT INTO ${table} (DomainName, ObjectTypeName, Description, Tags, region)
      SELECT 'shop', 'orders', 'first', '${JSON.stringify(tags)}', '${region}' RETURNING *;`)
    assert.equal(created?.Identifier, identifier)
    assert.equal(await ended(created?.RequestToken), "SUCCESS")
    assert.equal(await counted(exists), 1)
    assert.equal(await counted(statecheck("first", [...tags].reverse())), 1)
    assert.equal(await counted(statecheck("second", tags)), 0)

    const patch = JSON.stringify([
      { op: "add", path: "/Description", value: "second" },
      { op: "add", path: "/Tags", value: tags },
    ])
    const [updated] = await place.records(`/*+ update */
      UPDATE ${table} SET PatchDocument = string('${patch}') WHERE region = '${region}' AND Identifier = '${identifier}' RETURNING *;`)
    assert.equal(await ended(updated?.RequestToken), "SUCCESS")
    assert.equal(await counted(statecheck("second", tags)), 1)

    const [exported] = await place.records(`/*+ exports */
      SELECT object_type_name, JSON_EXTRACT(tags, '$[0].Value') as stack FROM ${table}
      WHERE region = '${region}' AND Identifier = '${identifier}';`)
    assert.deepEqual(exported, { object_type_name: "orders", stack: "crm" })

    const [deleted] = await place.records(`/*+ delete */
      DELETE FROM ${table} WHERE Identifier = '${identifier}' AND region = '${region}' RETURNING *;`)
    assert.deepEqual([deleted?.Operation, await ended(deleted?.RequestToken)], ["DELETE", "SUCCESS"])
    assert.equal(await counted(exists), 0)
    assert.deepEqual(
      notices.filter((notice) => /error/i.test(notice)),
      [],
    )
  })

  test("a second create, and a delete of what is not there, are failures that a deployment tells apart", async () => {
    const insert = `INSERT /*+ AWAIT */ INTO ${table} (DomainName, ObjectTypeName, Description) VALUES ('shop', 'orders', 'x') RETURNING *`
    await place.rows(insert)
    const [again] = await place.records(insert)
    assert.deepEqual([again?.OperationStatus, again?.ErrorCode], ["FAILED", "AlreadyExists"])
    const absent = place.rows(`DELETE FROM ${table} WHERE Identifier = 'shop|nothing'`)
    await assert.rejects(absent, /Resource of type '.*' with identifier 'shop\|nothing' was not found/)
    await place.rows(`DELETE /*+ AWAIT */ FROM ${table} WHERE Identifier = '${identifier}'`)
  })

  test("SHOW, DESCRIBE, templates of INSERT and EXEC tell of the same methods and carry them out", async () => {
    const names = async (sql: string) => (await place.rows(sql)).map(([name]) => name)
    assert.deepEqual(await names("SHOW SERVICES IN awscc LIKE '%profiles'"), ["awscc.customerprofiles"])
    assert.ok(
      (await names("SHOW EXTENDED RESOURCES IN awscc.customerprofiles")).includes("object_types_list_only"),
    )
    assert.deepEqual(await names("SHOW METHODS IN awscc.cloud_control.resource_requests"), [
      "list_resource_requests",
      "cancel_resource_request",
    ])
    const inputs = await place.rows(`DESCRIBE METHOD ${table}.create_resource`)
    assert.deepEqual(inputs[0]?.slice(0, 3), ["DomainName", "string", "input_required"])
    assert.ok(
      inputs.some(([name, kind, use]) => name === "Fields" && kind === "array" && use === "input_optional"),
    )
    await place.rows("USE awscc")

    const [[template] = []] = await place.rows(`SHOW INSERT /*+ REQUIRED */ INTO ${table}`)
    const filled = String(template).replaceAll(/\{\{ (\w+) \}\}/g, (_all, name) =>
      name === "DomainName" ? "shop" : `a${name}`,
    )
    const [made] = await place.records(filled)
    assert.equal(await ended(made?.RequestToken), "SUCCESS")
    const named = `@Identifier = 'shop|aObjectTypeName', @region = '${region}'`
    const [[id, properties] = []] = await place.rows(`EXEC ${table}.get_resource ${named}`)
    assert.deepEqual([id, JSON.parse(properties ?? "").Description], ["shop|aObjectTypeName", "aDescription"])
    const [changed] = await place.records(
      `EXEC /*+ SHOWRESULTS, AWAIT */ ${table}.update_resource ${named}, @PatchDocument = $1`,
      ['[{"op": "add", "path": "/Description", "value": "by call"}]'],
    )
    assert.deepEqual([changed?.Operation, changed?.OperationStatus], ["UPDATE", "SUCCESS"])
    await place.rows(`EXEC /*+ AWAIT */ ${table}.delete_resource ${named}`)
    assert.ok(notices.some((notice) => /despatched/.test(notice)))
    const created = await place.records(
      `EXEC /*+ SHOWRESULTS, AWAIT */ awscc.cloud_control.resources.create_resource @TypeName = '${type}',
        @@json = '{"DesiredState": {"DomainName": "shop", "ObjectTypeName": "json", "Description": "x"}}'`,
    )
    assert.deepEqual(
      created.map((one) => [one.Identifier, one.OperationStatus]),
      [["shop|json", "SUCCESS"]],
    )
    await assert.rejects(
      place.rows(`EXEC ${table}.delete_resource @region = '${region}'`),
      /needs values for: Identifier/,
    )
    await assert.rejects(place.rows(`EXEC ${table}.nothing @a = 1`), /no method nothing/)
  })

  test("functions of StackQL answer as it says", async () => {
    const [row] =
      await place.rows(`SELECT json_equal('{"a":1,"b":[1,2]}', '{"b":[1,2],"a":1}'), json_equal('[1,2]', '[2,1]'),
      aws_policy_equal('[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]', '[{"Value":"2","Key":"b"},{"Key":"a","Value":"1"}]'),
      aws_policy_equal('[{"Key":"a","Value":"1"},{"Key":"b","Value":"2"}]', '[{"Key":"a","Value":"2"},{"Key":"b","Value":"1"}]'),
      aws_policy_equal('{"Action":["b","a"],"Resource":"*"}', '{"Resource":["*"],"Action":["a","b"]}'),
      iif(1 = 1, 'yes', 'no'), total(x), json_array_length('[1,2]'), instr('abc', 'b')
      FROM (VALUES (1), (2)) v(x)`)
    assert.deepEqual(row, [1, 0, 1, 0, 1, "yes", 3, "2", "2"])
  })
})
