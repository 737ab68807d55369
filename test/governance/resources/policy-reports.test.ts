/** Policies are tried before they are kept; what is for what, and who changed what, is told over HTTP. */
import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { type Answer, resourcesDoor } from "./resources-door.ts"

describe("reports on policies", () => {
  const door = resourcesDoor()
  let ask: (request: string, body?: unknown) => Promise<Answer>

  before(async () => {
    ask = await door.as("governor", "GOVERNANCE", "CREATE_DATA_SOURCE", "USER_ADMIN")
    await ask("POST /bim/iam/bim/user", { userid: "olga", profile: { name: "Olga", email: "o@example.com" } })
  })

  test("policies are tried on assumed people and rows before they are kept", async () => {
    const columns = [{ name: "ssn", kind: "text", type: "varchar" }] as const
    const [source] = (
      await ask("POST /api/v2/data", {
        ...{ connectionKey: "tried", connection: { database: "tried" } },
        sources: [{ schema: "public", table: "t" }],
      })
    ).body.creating
    const { id } = (await ask(`GET /dataSource/name/${source}`)).body
    await door.store.governance.recordColumns(id, columns)
    const everywhere = [{ type: "source", source }]
    const policies = [
      { policyKey: "who", type: "subscription", subscription: "anyone", circumstances: everywhere },
      {
        ...{ policyKey: "hide", type: "data", circumstances: everywhere },
        rules: [
          {
            kind: "mask",
            columns: [{ name: "ssn" }],
            mask: { type: "constant", value: "-" },
            unless: { group: "hr" },
          },
        ],
      },
    ]
    const tried = (more: object) =>
      ask("POST /policy/testPolicy", { dataSource: source, policies, row: { ssn: "1" }, ...more })
    const { body: clerk } = await tried({ groups: ["sales"] })
    assert.deepEqual([clerk.noVisibilities, clerk.rows, clerk.masked], [false, "all", [[0]]])
    assert.deepEqual([clerk.userCanSee, clerk.row], [[id], { kind: "shown", values: { ssn: "-" } }])
    const { body: hr } = await tried({ groups: ["hr"] })
    assert.deepEqual([hr.masked, hr.row.values.ssn, hr.hasVisibilityException], [[[]], "1", true])
    const { body: olga } = await tried({ userid: "olga", policies: [] })
    assert.deepEqual([olga.noVisibilities, olga.row], [true, { kind: "hidden" }])
    assert.match(olga.denialReason, /no subscription policy/)
    assert.equal((await ask("GET /policy/global?searchText=hide")).body.length, 0, "nothing is kept")
    assert.equal((await tried({ userid: "nobody" })).status, 404)
    assert.equal((await tried({ row: { gone: 1 } })).status, 400)
    const reader = await door.as("only-reads", "AUDIT")
    assert.equal((await reader("POST /policy/testPolicy", { dataSource: source })).status, 403)
    await ask("DELETE /api/v2/data/tried")
  })

  test("which policies are for which sources is told; so is the audit trail", async () => {
    const [source] = (
      await ask("POST /api/v2/data", {
        ...{ connectionKey: "told", connection: { database: "told" } },
        sources: [{ schema: "public", table: "t" }],
      })
    ).body.creating
    const { id } = (await ask(`GET /dataSource/name/${source}`)).body
    const circumstances = [{ type: "source", source }]
    const policy = { policyKey: "told", type: "subscription", subscription: "anyone", circumstances }
    const { policyId } = (await ask("POST /api/v2/policy", policy)).body
    assert.deepEqual((await ask(`GET /policy/global/appliedTo/${policyId}`)).body, [
      { dataSourceId: id, dataSourceName: source },
    ])
    const { body } = await ask("POST /policy/search?searchText=TOLD", {})
    const [hit] = body.hits
    assert.deepEqual(
      [body.count, hit.enforcedOn, hit.state, hit.isNotApplied],
      [1, [{ id, name: source }], "active", false],
    )
    assert.deepEqual(
      (await ask(`GET /policy/dataSourcePolicies/${id}`)).body.map(
        (one: { policyKey: string }) => one.policyKey,
      ),
      ["told"],
    )
    const [olga] = (await ask("GET /bim/user?userid=olga")).body.hits
    const info = (await ask(`GET /dataSource/${id}/users/${olga.id}/policyInfo`)).body
    assert.deepEqual([info.rows, info.masked], ["all", []])
    assert.ok((await ask("GET /bim/iam")).body.some((one: { id: string }) => one.id === "bim"))

    const auditor = await door.as("auditor", "AUDIT")
    const trail = (await auditor("GET /audit?recordType=PutPolicy&outcome=ok&size=1")).body
    assert.deepEqual(
      [trail.hits.length, trail.hits[0].after.key, trail.hits[0].user],
      [1, "told", "governor"],
    )
    assert.equal((await auditor(`GET /audit/${trail.hits[0].id}`)).body.resource, "policy told")
    assert.deepEqual(
      [
        (await auditor("GET /audit/0")).status,
        (await auditor("GET /audit?minDate=soon")).status,
        (await ask("GET /audit")).status,
      ],
      [404, 400, 403],
    )
    await ask("DELETE /api/v2/policy/told")
    await ask("DELETE /api/v2/data/told")
  })
})
