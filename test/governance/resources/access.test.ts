/** Purposes, projects and subscriptions over HTTP: who asks, who approves, what is then seen. */
import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { type Answer, resourcesDoor } from "./resources-door.ts"

describe("access", () => {
  const door = resourcesDoor()
  type Ask = (request: string, body?: unknown) => Promise<Answer>
  let [governor, ann, ben]: Ask[] = []
  let source = 0
  const must = (one: Ask | undefined): Ask => {
    assert.ok(one)
    return one
  }
  const seenBy = async (account: string) => [
    ...((await door.store.governance.personOf(account))?.subscriptions ?? []),
  ]
  const idOf = async (account: string) => (await door.store.governance.personOf(account))?.id

  before(async () => {
    governor = await door.as("governor", "GOVERNANCE", "CREATE_DATA_SOURCE", "USER_ADMIN", "CREATE_PROJECT")
    for (const userid of ["ann", "ben", "governor"]) {
      await governor("POST /bim/iam/bim/user", { userid, profile: { name: userid, email: "x@example.com" } })
    }
    ann = await door.as("ann", "CREATE_PROJECT")
    ben = await door.as("ben")
    await governor("POST /api/v2/data", {
      connectionKey: "own",
      connection: { database: "own" },
      sources: ["a", "b"].map((table) => ({ schema: "public", table })),
    })
    source = (await governor("GET /dataSource/name/own.public.a")).body.id
  })

  test("a request shows nothing until it is approved by whom it may be; an approval may end", async () => {
    const [ask, judge, other] = [must(ann), must(governor), must(ben)]
    const [request] = (await ask("POST /dataSource/subscribe", { dataSourceIds: [source], approvals: [] }))
      .body
    assert.deepEqual([request.state, request.approved], ["pending", false])
    const again = (await ask("POST /dataSource/subscribe", { dataSourceIds: [source] })).body
    assert.equal(again[0].id, request.id, "asking twice is asking once")
    assert.deepEqual(await seenBy("ann"), [])
    const pending = (await judge("GET /subscription/getPendingRequestsForUser")).body
    assert.deepEqual(
      [pending.count, pending.hits[0].entity.name, pending.hits[0].model.name],
      [1, "ann", "own.public.a"],
    )
    const approve = { requests: [{ id: request.id }] }
    for (const caller of [ask, other]) {
      const refused = (await caller("POST /subscription/approve", approve)).body
      assert.equal(refused.failures[0].id, request.id)
    }
    assert.deepEqual(await seenBy("ann"), [])
    assert.deepEqual((await judge("POST /subscription/approve", approve)).body, { failures: [] })
    assert.deepEqual(await seenBy("ann"), [source])
    assert.match(
      (await judge("POST /subscription/approve", approve)).body.failures[0].errorMessage,
      /not pending/,
    )
    const gone = { expiration: new Date(Date.now() - 1_000).toISOString() }
    await judge(`PUT /dataSource/${source}/access/${request.id}`, gone)
    assert.deepEqual(await seenBy("ann"), [])
  })

  test("an owner grants and denies; a request may ask for more approvals, and needs each of them", async () => {
    const [judge, asker, owner] = [must(governor), must(ben), must(ann)]
    const grant = { state: "owner", profileId: await idOf("ann") }
    assert.equal((await asker(`POST /dataSource/${source}/access`, grant)).status, 403)
    assert.equal((await judge(`POST /dataSource/${source}/access`, grant)).status, 200)
    const approvals = [{ requiredPermission: "USER_ADMIN", specificApproverRequired: false }]
    const [request] = (await asker("POST /dataSource/subscribe", { dataSourceIds: [source], approvals })).body
    await owner("POST /subscription/approve", { requests: [{ id: request.id }] })
    assert.deepEqual(await seenBy("ben"), [], "one approval of two")
    await judge("POST /subscription/approve/bulk", { requestIds: [request.id] })
    assert.deepEqual(await seenBy("ben"), [source])
    assert.equal((await asker(`DELETE /dataSource/${source}/unsubscribe`)).status, 200)
    assert.deepEqual(await seenBy("ben"), [])
    const [second] = (await asker("POST /dataSource/subscribe", { dataSourceIds: [source] })).body
    const denial = { requests: [{ id: second.id, denialReasoning: "no need" }] }
    assert.deepEqual((await owner("POST /subscription/deny", denial)).body, { failures: [] })
    assert.deepEqual(await seenBy("ben"), [])
    const [third] = (await asker("POST /dataSource/subscribe", { dataSourceIds: [source] })).body
    assert.equal(third.state, "pending", "after a denial one may ask again")
  })

  test("a subscription policy says who approves: each of its permissions, and not the owner", async () => {
    const [judge, asker, owner] = [must(governor), must(ben), must(ann)]
    const policy = await judge("POST /api/v2/policy", {
      policyKey: "by-admins",
      name: "By admins",
      type: "subscription",
      subscription: { type: "approval", permissions: ["USER_ADMIN", "AUDIT"] },
      circumstances: [{ type: "source", source: "own.public.b" }],
    })
    assert.equal(policy.status, 200, JSON.stringify(policy.body))
    const other = (await judge("GET /dataSource/name/own.public.b")).body.id
    await judge(`POST /dataSource/${other}/access`, { state: "owner", profileId: await idOf("ann") })
    const [request] = (await asker("POST /dataSource/subscribe", { dataSourceIds: [other] })).body
    const past = await owner(`POST /dataSource/${other}/access`, {
      state: "subscribed",
      profileId: await idOf("ben"),
    })
    assert.deepEqual(
      [past.status, past.body.message.includes("AUDIT")],
      [403, true],
      "an owner past the approvals",
    )
    const raised = { state: "subscribed" }
    assert.equal((await owner(`PUT /dataSource/${other}/access/${request.id}`, raised)).status, 403)
    const approve = { requests: [{ id: request.id }] }
    assert.equal((await owner("POST /subscription/approve", approve)).body.failures.length, 1)
    await judge("POST /subscription/approve", approve)
    assert.ok(!(await seenBy("ben")).includes(other), "one of two")
    await (await door.as("auditor", "AUDIT"))("POST /subscription/approve", approve)
    assert.ok((await seenBy("ben")).includes(other))
    const ended = await owner(`PUT /dataSource/${other}/access/${request.id}`, { state: "denied" })
    assert.equal(ended.status, 200, "an owner may end access")
    assert.ok(!(await seenBy("ben")).includes(other))
    await judge("DELETE /api/v2/policy/by-admins")
  })

  test("purposes: made, changed by name, kept while others are below", async () => {
    const ask = must(governor)
    const put = { name: "Fraud", description: "d", acknowledgement: "I will" }
    const made = (await ask("POST /api/v2/purpose", put)).body
    assert.deepEqual([made.creating, made.updating], [true, false])
    assert.equal(
      (await ask("POST /api/v2/purpose", { ...put, description: "e" })).body.purposeId,
      made.purposeId,
    )
    await ask("POST /governance/purpose", { name: "Fraud.Cards" })
    const one = (await ask(`GET /governance/purpose/${made.purposeId}`)).body
    assert.deepEqual(
      [one.description, one.acknowledgement, one.subpurposes],
      ["e", "I will", ["Fraud.Cards"]],
    )
    assert.equal((await ask("GET /governance/purpose?root=Fraud&noLimit=false")).body.count, 2)
    assert.equal((await ask(`DELETE /governance/purpose/${made.purposeId}`)).status, 409)
    assert.equal((await must(ben)("POST /api/v2/purpose", put)).status, 403)
  })

  test("who works in a project has its purposes once agreed, and loses them on leaving", async () => {
    const [judge, member] = [must(governor), must(ben)]
    const made = await judge("POST /api/v2/project", {
      name: "Cards",
      projectKey: "cards",
      purposes: ["Fraud.Cards"],
      tags: ["t"],
      allowMaskedJoins: true,
    })
    const { projectId } = made.body
    assert.deepEqual([made.status, made.body.creating], [200, true])
    const own = (await judge(`GET /project/${projectId}`)).body
    assert.deepEqual(
      [own.subscriptionStatus, own.acknowledgeRequired, own.tags[0].name],
      ["owner", true, "t"],
    )
    const agreed = await judge(`POST /project/${projectId}/members/${own.subscriptionId}/acknowledge`, {})
    assert.equal(agreed.body.acknowledgeRequired, false)
    const purposesOf = async () => [...((await door.store.governance.personOf("ben"))?.purposes ?? [])]
    assert.equal((await member(`POST /project/current/${projectId}`)).status, 403)
    await judge(`POST /project/${projectId}/members`, { profileId: await idOf("ben"), state: "subscribed" })
    assert.equal((await member(`POST /project/current/${projectId}`)).status, 200)
    assert.deepEqual(await purposesOf(), [])
    const { subscriptionId } = (await member(`GET /project/${projectId}`)).body
    const foreign = await member(`POST /project/${projectId}/members/${own.subscriptionId}/acknowledge`, {})
    assert.equal(foreign.status, 403)
    await member(`POST /project/${projectId}/members/${subscriptionId}/acknowledge`, {})
    assert.deepEqual(await purposesOf(), ["Fraud.Cards"])
    await member("POST /project/current/null")
    assert.deepEqual(await purposesOf(), [])
    assert.equal((await judge("GET /project?searchText=card&nameOnly=true")).body.hits[0].id, projectId)
    await judge(`POST /project/${projectId}/dataSources`, { dataSourceIds: [source] })
    assert.equal(
      (await judge(`GET /project/${projectId}/dataSources`)).body.dataSources[0].dataSourceName,
      "own.public.a",
    )
    await judge(`DELETE /project/${projectId}/dataSources?ids=${source}`)
    assert.equal((await judge(`GET /project/${projectId}/dataSources`)).body.count, 0)
    assert.ok((await door.store.governance.salts()).has("project:Cards"))
    assert.equal((await judge("DELETE /api/v2/project/cards")).status, 200)
    assert.ok(!(await door.store.governance.salts()).has("project:Cards"))
  })

  test("purposes of a project hold on its own sources only", async () => {
    const [judge, member] = [must(governor), must(ben)]
    const other = (await judge("GET /dataSource/name/own.public.b")).body.id
    for (const id of [source, other])
      await door.store.governance.recordColumns(id, [{ name: "id", kind: "integer", type: "integer" }])
    const everywhere = { circumstances: [{ type: "everything" }] }
    await judge("POST /api/v2/policy", {
      policyKey: "all",
      type: "subscription",
      subscription: "anyone",
      ...everywhere,
    })
    const rules = [{ kind: "purpose", purposes: ["Fraud"] }]
    await judge("POST /api/v2/policy", { policyKey: "fraud", type: "data", rules, ...everywhere })
    const project = { name: "Own", projectKey: "own", purposes: ["Fraud.Cards"], dataSources: [source] }
    const { projectId } = (await judge("POST /api/v2/project", project)).body
    await judge(`POST /project/${projectId}/members`, { profileId: await idOf("ben"), state: "subscribed" })
    const rowsOf = async (id: number) => (await member(`GET /dataSource/${id}/visibilityReport`)).body.rows
    const seen = async () => [await rowsOf(source), await rowsOf(other)]
    await member(`POST /project/current/${projectId}`)
    const { subscriptionId } = (await member(`GET /project/${projectId}`)).body
    await member(`POST /project/${projectId}/members/${subscriptionId}/acknowledge`, {})
    assert.deepEqual(await seen(), ["all", "none"])
    await judge(`POST /project/${projectId}/dataSources`, { dataSourceIds: [other] })
    assert.deepEqual(await seen(), ["all", "all"])
    await judge(`DELETE /project/${projectId}/dataSources?ids=${source}`)
    assert.deepEqual(await seen(), ["none", "all"])
    await member("POST /project/current/null")
    assert.deepEqual(await seen(), ["none", "none"])
    await judge("DELETE /api/v2/project/own")
    for (const key of ["all", "fraud"]) await judge(`DELETE /api/v2/policy/${key}`)
  })

  test("a report says what a person sees: no rows, rows with masks, or why a source is closed", async () => {
    const judge = must(governor)
    await door.store.governance.recordColumns(source, [
      { name: "id", kind: "integer", type: "integer" },
      { name: "ssn", kind: "text", type: "text" },
    ])
    const report = (who: Ask, path = "visibilityReport") => who(`GET /dataSource/${source}/${path}`)
    assert.deepEqual((await report(must(ben))).body.noVisibilities, true)
    const policy = { policyKey: "open", name: "Open", type: "subscription", subscription: "anyone" }
    await judge("POST /api/v2/policy", { ...policy, circumstances: [{ type: "everything" }] })
    const mask = { kind: "mask", columns: [{ name: "ssn" }], mask: { type: "hash" }, unless: { group: "hr" } }
    await judge("POST /api/v2/policy", { policyKey: "hide", name: "Hide", type: "data", rules: [mask] })
    const seen = (await report(must(ben))).body
    assert.deepEqual(
      [seen.rows, seen.noVisibilities, seen.columnNames, seen.masked, seen.policySet],
      ["all", false, ["id", "ssn"], [{ name: "ssn", masks: ["hash"] }], "hide open"],
    )
    const { id } = (await judge("POST /bim/group", { iamid: "bim", name: "hr" })).body
    await judge(`POST /bim/group/${id}/user`, { userid: "ben", iamid: "bim" })
    const ofBen = (await report(judge, `users/${await idOf("ben")}/visibilityReport`)).body
    assert.deepEqual([ofBen.rows, ofBen.masked], ["all", []])
    assert.equal((await report(must(ben), `users/${await idOf("ann")}/visibilityReport`)).status, 403)
    const filter = { kind: "rowFilter", match: { column: "gone", attribute: "a" } }
    await judge("POST /api/v2/policy", { policyKey: "broken", name: "Broken", type: "data", rules: [filter] })
    const closed = (await report(judge, `users/${await idOf("ben")}/visibilityReport`)).body
    assert.equal(closed.rows, "closed")
    assert.match(closed.denialReason, /^broken: /)
    for (const key of ["open", "hide", "broken"]) await judge(`DELETE /api/v2/policy/${key}`)
  })

  test("nobody gives a project of their own a purpose without GOVERNANCE, or changes another's project", async () => {
    const maker = must(ann)
    const refused = await maker("POST /project", { name: "Mine", status: "open", purposes: ["Fraud.Cards"] })
    assert.equal(refused.status, 403)
    const { id } = (await maker("POST /project", { name: "Mine", status: "open" })).body
    assert.equal((await maker(`PUT /project/${id}`, { purposes: ["Fraud.Cards"] })).status, 403)
    assert.equal(
      (await maker(`PUT /project/${id}`, { description: "x", status: "closed" })).body.status,
      "closed",
    )
    const stranger = await door.as("stranger", "CREATE_PROJECT")
    assert.equal((await stranger(`PUT /project/${id}`, { description: "y" })).status, 403)
    assert.equal((await stranger(`POST /project/${id}/members`, { groupId: 1 })).status, 403)
    assert.equal((await stranger(`DELETE /project/${id}`)).status, 403)
    assert.equal((await maker("POST /project", { name: "Mine" })).status, 409)
  })
})
