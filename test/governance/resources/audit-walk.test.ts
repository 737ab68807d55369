/** Every route that changes something is called once; each call is in the audit trail with who, what, from where, before and after. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { governanceRoutesOfCode } from "../../../scripts/documentation/governance-routes.ts"
import { resourcesDoor } from "./resources-door.ts"

const patchOf = (...Operations: object[]) => ({
  schemas: ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
  Operations,
})
const permissions = [
  ...["GOVERNANCE", "CREATE_DATA_SOURCE", "CREATE_PROJECT", "USER_ADMIN", "AUDIT", "APPLICATION_ADMIN"],
] as const
const policy = {
  policyKey: "walked",
  name: "Walked",
  type: "data",
  circumstances: [{ type: "everything" }],
  rules: [{ kind: "mask", columns: [{ name: "ssn" }], mask: { type: "null" } }],
}

/** Routes that the walk of resources leaves to the tests of their own. */
const elsewhere = /^(POST|PUT|DELETE) \/integrations|\/bim\/apikey/

/** What was made on the way, by a name. */
type Known = Record<string, string | number>

/** The request, its body, and the member of the answer that later requests name. */
type Step = [request: string, body?: unknown, keep?: Keep]
type Keep = [name: string, of: (body: never) => string | number]

const idAs = (name: string): Keep => [name, (body: { id: number }) => body.id]
const user = "/bim/iam/bim/user/ann"
const steps: Step[] = [
  ["POST /bim/iam/bim/user", { userid: "walker", profile: { name: "W", email: "w@example.com" } }],
  ["POST /bim/iam/bim/user", { userid: "ann", profile: { name: "A", email: "a@example.com" } }, idAs("ann")],
  [`POST ${user}/profile`, { name: "Ann" }],
  [`PUT ${user}/profile`, { name: "Ann A." }],
  [`POST ${user}/permissions`, ["AUDIT"]],
  [`PUT ${user}/permissions`, ["GOVERNANCE"]],
  [`DELETE ${user}/permissions/GOVERNANCE`],
  [`PUT ${user}/disable/true`],
  [`PUT ${user}/disable/false`],
  [`PUT ${user}/authorizations/region/north`],
  [`POST ${user}/authorizations`, { level: ["1", "2"] }],
  [`DELETE ${user}/authorizations/level/1`],
  [`DELETE ${user}/authorizations/level`],
  [`PUT ${user}/authorizations`, { region: ["south"] }],
  ["POST /bim/group", { iamid: "bim", name: "hr" }, idAs("group")],
  ["PUT /bim/group/{group}", { name: "people", iamid: "bim" }],
  ["POST /bim/group/{group}/user", { userid: "ann", iamid: "bim" }, idAs("membership")],
  ["DELETE /bim/group/{group}/user/{membership}"],
  ["POST /bim/iam/bim/group/{group}/authorizations", { a: "1" }],
  ["PUT /bim/iam/bim/group/{group}/authorizations", { a: "2" }],
  ["DELETE /bim/group/{group}"],
  ["POST /tag", { rootTag: { name: "PII" }, tags: [{ name: "SSN" }] }],
  [
    "POST /api/v2/data",
    {
      connectionKey: "own",
      connection: { database: "own" },
      sources: ["a", "b"].map((table) => ({ schema: "public", table })),
    },
  ],
  ["GET /dataSource", undefined, ["source", ({ hits }: { hits: { id: number }[] }) => first(hits)]],
  ["GET /dataSource", undefined, ["other", ({ hits }: { hits: { id: number }[] }) => first(hits.slice(1))]],
  ["POST /tag/datasource/{source}", [{ name: "PII.SSN" }]],
  ["DELETE /tag/datasource/{source}/PII.SSN"],
  ["DELETE /tag/PII?deleteHierarchy=true"],
  ["POST /dictionary/{source}", { metadata: [] }],
  ["PUT /dictionary/{source}", { metadata: [] }],
  ["PUT /dataSource/{source}", { description: "walked" }],
  ["POST /dataSource/subscribe", { dataSourceIds: ["{source}", "{other}"] }, ["request", first]],
  ["POST /subscription/approve", { requests: [{ id: "{request}" }] }],
  ["PUT /dataSource/{source}/access/{request}", { state: "denied" }],
  ["POST /dataSource/{source}/access", { state: "subscribed", profileId: "{ann}" }],
  ["POST /subscription/deny", { requests: [{ id: "{request}", denialReasoning: "no" }] }],
  ["POST /subscription/approve/bulk", { requestIds: ["{request}"] }],
  ["POST /subscription/deny/bulk", { requestIds: ["{request}"], denialReasoning: "no" }],
  ["DELETE /dataSource/{other}/unsubscribe"],
  ["POST /governance/purpose", { name: "Fraud" }, idAs("purpose")],
  ["PUT /governance/purpose/{purpose}", { description: "d" }],
  ["POST /api/v2/purpose", { name: "Fraud", description: "e" }],
  ["POST /project", { name: "Mine", status: "open", purposes: ["Fraud"] }, idAs("project")],
  ["PUT /project/{project}", { description: "x" }],
  ["POST /project/{project}/dataSources", { dataSourceIds: ["{source}"] }],
  ["DELETE /project/{project}/dataSources", { dataSourceIds: ["{source}"] }],
  [
    "POST /project/{project}/members",
    { profileId: "{walker}", state: "subscribed" },
    ["member", (body: { subscriptionId: number }) => body.subscriptionId],
  ],
  ["POST /project/{project}/members/{member}/acknowledge"],
  ["POST /project/current/{project}"],
  ["DELETE /project/{project}"],
  ["POST /api/v2/project", { name: "Cards", projectKey: "cards", purposes: [] }],
  ["DELETE /api/v2/project/cards"],
  ["DELETE /governance/purpose/{purpose}"],
  ["POST /policy/global", policy, idAs("policy")],
  ["PUT /policy/global/{policy}", { ...policy, name: "Walked on" }],
  ["DELETE /policy/global/{policy}"],
  ["POST /api/v2/policy", policy],
  ["DELETE /api/v2/policy/walked"],
  ["DELETE /dataSource/{source}"],
  ["DELETE /api/v2/data/own"],
  [`DELETE ${user}`],
  ["POST /scim/v2/Users", { userName: "ida@example.com" }, ["ida", (body: { id: string }) => body.id]],
  ["PUT /scim/v2/Users/{ida}", { userName: "ida@example.com", title: "Boss" }],
  ["PATCH /scim/v2/Users/{ida}", patchOf({ op: "replace", path: "active", value: false })],
  ["POST /scim/v2/Groups", { displayName: "Eng" }, ["eng", (body: { id: string }) => body.id]],
  ["PUT /scim/v2/Groups/{eng}", { displayName: "Engineers" }],
  ["PATCH /scim/v2/Groups/{eng}", patchOf({ op: "add", path: "members", value: [{ value: "{ida}" }] })],
  [
    "POST /scim/v2/Bulk",
    { Operations: [{ method: "PUT", path: "/Groups/{eng}", data: { displayName: "E" } }] },
  ],
  ["DELETE /scim/v2/Groups/{eng}"],
  ["DELETE /scim/v2/Users/{ida}"],
]

function first(body: { id: number }[]): number {
  return body[0]?.id ?? 0
}

/** With what was made on the way; ids stay numbers where they are a whole member. */
function filled(text: string, known: Known): string {
  return text
    .replaceAll(/"\{(\w+)\}"/g, (_, name: string) => JSON.stringify(known[name]))
    .replaceAll(/\{(\w+)\}/g, (_, name: string) => String(known[name]))
}

describe("the audit trail", () => {
  const door = resourcesDoor()

  test("has every call of every route that changes something, with before and after", async () => {
    const ask = await door.as("walker", ...permissions)
    const known: Known = {}
    for (const [request, body, keep] of steps) {
      const given = body === undefined ? undefined : JSON.parse(filled(JSON.stringify(body), known))
      const answer = await ask(filled(request, known), given)
      assert.ok(answer.status < 300, `${request}: ${answer.status} ${JSON.stringify(answer.body)}`)
      if (keep !== undefined) known[keep[0]] = keep[1](answer.body as never)
      if (known.walker === undefined) known.walker = answer.body.id
    }
    const entries = await door.store.audit.list({ since: undefined, limit: 1_000 })
    const own = entries.filter(({ accessKeyId }) => accessKeyId === "walker")
    for (const one of own) {
      const told = `${one.operation} ${one.resource}: ${JSON.stringify([one.before, one.after])}`
      assert.deepEqual([one.door, one.outcome, one.address], ["governance", "ok", "127.0.0.1"], told)
      assert.ok(one.before !== undefined || one.after !== undefined, told)
      assert.ok(one.requestId !== "" && one.resource !== undefined, told)
      const isMade = /^(Create|Declare|Grant|Request|AddMember)/.test(one.operation)
      const isGone = /^(Delete|Remove(Declaration)|Unsubscribe)/.test(one.operation)
      if (isGone) assert.ok(one.before !== undefined, told)
      if (isMade) assert.ok(one.after !== undefined, told)
    }
    const walked = new Set(own.map(({ operation }) => operation))
    const changing = governanceRoutesOfCode().filter(
      ({ method, path, audited }) => audited !== undefined && !elsewhere.test(`${method} ${path}`),
    )
    const missed = changing.map(({ operation }) => operation).filter((operation) => !walked.has(operation))
    assert.deepEqual([...new Set(missed)], [])
    assert.equal(own.length, steps.filter(([request]) => !request.startsWith("GET")).length)
  })
})
