/** Keys of the governance API as an operator has them: made by the command, used by curl, revoked. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { newPlace } from "../place.ts"
import { curl } from "./curl.ts"

test("a key is made, shown once, used, listed and revoked; who did it is in the audit trail", async (t) => {
  const place = await newPlace(t, { sources: [] })
  await place.start()
  const origin = `http://127.0.0.1:${place.httpPort}`
  const command = (...args: string[]) => place.run("api-key", ...args)

  const made = await command("create", "--name", "ci", "--permission", "AUDIT", "--permission", "GOVERNANCE")
  assert.equal(made.code, 0, made.output)
  const key = made.output.trimEnd().split("\n").at(-1) ?? ""
  assert.match(key, /^mlr_[\w-]{43}$/)

  const exchange = [
    "-X",
    "POST",
    "-H",
    "Content-Type: application/json",
    "-d",
    JSON.stringify({ apikey: key }),
  ]
  const given = await curl(`${origin}/bim/apikey/authenticate`, ...exchange)
  assert.equal(given.status, 200)
  // Signed requests go to the AWS APIs as before, unsigned ones without a key are asked for one.
  assert.deepEqual(await curl(`${origin}/bim/apikey/authenticate`, "-d", '{"apikey":"x"}'), {
    status: 401,
    body: { statusCode: 401, error: "Unauthorized", message: "Missing authentication" },
  })
  assert.match((await place.run("status")).output, /^no integrations$/m)

  const admin = (
    await command("create", "--name", "ops", "--permission", "APPLICATION_ADMIN", "--permission", "AUDIT")
  ).output
    .trimEnd()
    .split("\n")
    .at(-1) as string
  await keysByKeys(origin, { admin, plain: key })
  const listed = await command("list")
  assert.match(listed.output, /ci +\| AUDIT GOVERNANCE +\| \d{4}-/)
  assert.equal((await command("revoke", "--name", "ci")).code, 0)
  assert.equal((await curl(`${origin}/bim/apikey/authenticate`, ...exchange)).status, 401)
  assert.equal((await command("revoke", "--name", "ci")).code, 1)
  for (const wrong of [["fly"], ["create", "--name", "x"], ["create", "--name", "x", "--permission", "ROOT"]])
    assert.equal((await command(...wrong)).code, 2, wrong.join(" "))

  const trail = await place.run("audit")
  assert.match(trail.output, /millrace:CreateApiKey .*ok/)
  assert.match(trail.output, /millrace:RevokeApiKey .*resourceNotFound/)
  assert.match(trail.output, /CreateApiKey.*api key derived/)
  const logged = place.output().replaceAll(made.output, "").replaceAll(made.output.trimEnd(), "")
  assert.ok(!logged.includes(key))
})

/** As the published API's clients make and end keys. */
async function keysByKeys(origin: string, { admin, plain }: { admin: string; plain: string }): Promise<void> {
  const ask = async (key: string, method: string, path: string, body?: object) => {
    const { status, body: answer } = await curl(
      `${origin}${path}`,
      ...["-X", method, "-H", `Authorization: ${key}`, "-H", "Content-Type: application/json"],
      ...(body === undefined ? [] : ["-d", JSON.stringify(body)]),
    )
    return { status, answer: answer as Record<string, unknown> }
  }
  assert.equal((await ask(plain, "POST", "/bim/apikey", { name: "x" })).status, 403)
  assert.equal((await ask(admin, "POST", "/bim/apikey", {})).status, 400)
  assert.equal((await ask(admin, "POST", "/bim/apikey", { name: "x", projectId: 3 })).status, 400)
  assert.equal(
    (await ask(admin, "POST", "/bim/apikey", { name: "x", permissions: ["GOVERNANCE"] })).status,
    403,
  )
  assert.equal((await ask(admin, "POST", "/bim/apikey", { name: "ops" })).status, 409)
  const made = await ask(admin, "POST", "/bim/apikey", { name: "derived", permissions: ["AUDIT"] })
  assert.equal(made.status, 200, JSON.stringify(made.answer))
  assert.deepEqual(Object.keys(made.answer), ["apikey", "keyid", "name", "context"])
  const derived = String(made.answer.apikey)
  assert.match(derived, /^mlr_[\w-]{43}$/)
  assert.equal((await ask(derived, "GET", "/integrations")).status, 403)
  assert.equal(
    (await curl(`${origin}/bim/apikey/authenticate`, "-d", JSON.stringify({ apikey: derived }))).status,
    200,
  )
  const path = `/bim/apikey/${made.answer.keyid}`
  assert.equal((await ask(plain, "DELETE", path)).status, 403)
  assert.deepEqual(await ask(derived, "DELETE", path), { status: 200, answer: { revokedTokens: 1 } })
  assert.equal((await ask(derived, "DELETE", path)).status, 401)
  assert.equal((await ask(admin, "DELETE", path)).status, 404)
}
