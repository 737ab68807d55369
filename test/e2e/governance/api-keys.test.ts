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
  assert.equal((await place.run("status")).code, 0)

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
  const logged = place.output().replaceAll(made.output, "").replaceAll(made.output.trimEnd(), "")
  assert.ok(!logged.includes(key))
})
