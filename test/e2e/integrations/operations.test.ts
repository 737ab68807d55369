import assert from "node:assert/strict"
import { type TestContext, test } from "node:test"
import { askMillrace } from "../../../src/cli/asking/operations-request.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place, region, sourceArn } from "../place.ts"
import type { MillraceProcess } from "../process.ts"
import { apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { ask, assertEqualContent } from "../warehouse.ts"
import { onDatabase, startWorkload } from "../workload.ts"

async function streamingPlace(
  context: TestContext,
): Promise<{ place: Place; url: string; server: MillraceProcess }> {
  const { url, name } = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.configure((configuration) => {
    const credentials = configuration.credentials as object[]
    credentials.push({
      access_key_id: "AKIDREADER",
      secret_access_key: "reader-secret-key",
      policy: "read-only",
    })
  })
  const server = await place.start()
  const api = apiOf(place)
  await api.create("bank", `include: ${name}.public.*`)
  await api.becomes("bank", "active")
  return { place, url, server }
}

test("wait returns when the warehouse has what was committed", async (context) => {
  const { place, url } = await streamingPlace(context)
  const load = startWorkload(context, url, 3)
  for (let round = 1; round <= 3; round++) {
    await onDatabase(url, (client) => client.query("UPDATE sentinel SET n = 1000 + $1", [round]))
    const { code, stdout } = await place.run("wait", "--integration", "bank", "--now")
    assert.equal(code, 0)
    assert.match(stdout, /^reached [0-9A-F]+\/[0-9A-F]+$/m)
    assert.deepEqual(await ask(place, "bank", "SELECT n FROM sentinel"), [[String(1000 + round)]])
  }
  await load.stop()
})

test("wait says how far the warehouse is when the time is over", async (context) => {
  const { place } = await streamingPlace(context)
  const late = await place.run(
    "wait",
    "--integration",
    "bank",
    "--position",
    "FFFFFFFF/0",
    "--timeout",
    "300ms",
  )
  assert.equal(late.code, 1)
  assert.match(late.stderr, /FFFFFFFF\/0 is not reached yet: \S+ at [0-9A-F]+\/[0-9A-F]+\./)
  const wrong = await place.run("wait", "--integration", "bank", "--position", "yesterday")
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /yesterday is no position of this source/)
})

test("wait also waits for an integration that has only just been made", async (context) => {
  const { url, name } = await bank(context, 20_000)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url }] })
  await place.start()
  await apiOf(place).create("bank", `include: ${name}.public.*`)
  const { code, stdout, stderr } = await place.run(
    "wait",
    "--integration",
    "bank",
    "--now",
    "--timeout",
    "60s",
  )
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^reached /m)
  await assertEqualContent(place, url, "bank")
})

test("resync resyncs a table under load", async (context) => {
  const { place, url } = await streamingPlace(context)
  const load = startWorkload(context, url, 3)
  const one = await place.run("resync", "--integration", "bank", "--table", "public.sentinel")
  assert.equal(one.code, 0, one.stderr)
  assert.match(one.stdout, /^public\.sentinel is being resynced/)
  const all = await place.run("resync", "--integration", "bank")
  assert.match(all.stdout, /^\d+ tables are being resynced/)
  await load.stop()
  const settled = async () => {
    const { code, stderr } = await place.run("wait", "--integration", "bank", "--now")
    return code === 0 && !stderr.includes("not in step")
  }
  await waitUntil(settled, { what: "all tables to be in step" })
  await assertEqualContent(place, url, "bank")
})

test("orders that cannot be followed are refused with what to do", async (context) => {
  const { place } = await streamingPlace(context)
  const refusal = async (expected: RegExp, code: number, ...args: string[]) => {
    const ended = await place.run(...args)
    assert.match(ended.stderr, expected)
    assert.equal(ended.code, code)
  }
  await refusal(/no integration nowhere/, 1, "resync", "--integration", "nowhere")
  await refusal(/has no table public\.none/, 1, "resync", "--integration", "bank", "--table", "public.none")
  await refusal(/needs --integration/, 2, "resync")
  await refusal(/either --position P or --now/, 2, "wait", "--integration", "bank")
  await refusal(/length of time/, 2, "wait", "--integration", "bank", "--now", "--timeout", "soon")
  await refusal(/resync has no option --now/, 2, "resync", "--integration", "bank", "--now")

  const reader = {
    http: { host: "127.0.0.1", port: place.httpPort },
    region,
    accessKeyId: "AKIDREADER",
    secretAccessKey: "reader-secret-key",
  }
  const ask = (path: string) => askMillrace(reader, { method: "POST", path, body: {} })
  assert.match(String(await ask("/integrations/bank/resync")), /policy read-only and may not resync tables/)
  assert.equal(typeof (await ask("/integrations/bank/wait")), "object")
  assert.match(String(await ask("/integrations/bank/dance")), /There is no POST here by that path/)
})

test("a pipeline that does not stream refuses a resync and says why", async (context) => {
  const { place, server } = await streamingPlace(context)
  await server.kill9()
  await place.configure((configuration) => {
    const sources = configuration.sources as { url: string }[]
    for (const source of sources) source.url = "postgres://nobody@127.0.0.1:1/nothing"
  })
  await place.start()
  await apiOf(place).reports("bank", "SOURCE_UNREACHABLE")
  const { code, stderr } = await place.run("resync", "--integration", "bank")
  assert.equal(code, 1)
  assert.match(stderr, /is not streaming now .*Try again when it streams\./)
  const waited = await place.run("wait", "--integration", "bank", "--now", "--timeout", "500ms")
  assert.equal(waited.code, 1)
  assert.match(waited.stderr, /is not streaming now .*Start the source database/)
})
