import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { KMSKeyNotAccessibleFault } from "@aws-sdk/client-rds"
import { waitUntil } from "../../support/wait-until.ts"
import { lockWarehouse, spoolFiles, works, writeLog } from "../locked-warehouse.ts"
import { account, newPlace, type Place, region, sourceArn } from "../place.ts"
import { type Api, apiOf } from "../rds.ts"
import { bank } from "../source.ts"
import { assertEqualContent, caughtUp, firstCopied } from "../warehouse.ts"
import { onDatabase, rowMarker, startWorkload } from "../workload.ts"

const environment = {
  MILLRACE_TEST_ENTRY: join(import.meta.dirname, "..", "..", "crash", "child.ts"),
  MILLRACE_TEST_RETENTION_MS: "250",
}
const keyArn = `arn:aws:kms:${region}:${account}:key/orders`
const newKey = () => randomBytes(32).toString("base64")

interface Scene {
  place: Place
  api: Api
  source: { url: string; name: string }
  /** Writes what stands under kms_keys. */
  keys(keys: Record<string, unknown>[]): Promise<void>
}

async function scene(context: TestContext): Promise<Scene> {
  const source = await bank(context)
  const place = await newPlace(context, { sources: [{ arn: sourceArn, url: source.url }] })
  await place.configure((configuration) => {
    const retention = { budget: "1MB", policy: "spool" }
    configuration.sources = [{ arn: sourceArn, engine: "postgres", url: source.url, retention }]
  })
  const keys = (kms: Record<string, unknown>[]) =>
    place.configure((configuration) => {
      configuration.kms_keys = kms
    })
  return { place, api: apiOf(place), source, keys }
}

/** Writes rows with the warehouse locked until the spool holds some; answers all that its files hold. */
async function spooledBytes({ place, source }: Scene): Promise<Buffer> {
  await onDatabase(source.url, (client) =>
    client.query(`INSERT INTO entries SELECT 9000, i, '${rowMarker} ' || i FROM generate_series(1, 500) i`),
  )
  await writeLog(source.url, 2)
  return await waitUntil(
    async () => {
      const files = await spoolFiles(place)
      const contents = await Promise.all(files.map((file) => readFile(join(place.dataDir, "spool", file))))
      const bytes = Buffer.concat(contents)
      return bytes.length > 10_000 ? bytes : undefined
    },
    { what: "a spool" },
  )
}

test("with a key the spool cannot be read, through a rotation of the key nothing is lost, and without it the integration says so", async (context) => {
  const at = await scene(context)
  const { place, api, source } = at
  const first = newKey()
  await at.keys([{ arn: keyArn, aliases: ["alias/main"], key: first }])
  let running = await place.start(environment)
  await assert.rejects(
    api.createKeyed("bank", `include: ${source.name}.public.*`, "alias/none", {}),
    KMSKeyNotAccessibleFault,
  )
  const created = await api.createKeyed("bank", `include: ${source.name}.public.*`, "alias/main", {
    team: "a",
  })
  assert.equal(created.KMSKeyId, keyArn)
  assert.deepEqual(created.AdditionalEncryptionContext, { team: "a" })
  await works(api, "bank")
  await firstCopied(place, source.url, "bank")
  await running.terminate()

  const unlock = await lockWarehouse(context, place, "bank")
  // It ends before the source is told of what is in the spool: the source sends that again.
  running = await place.start({ ...environment, MILLRACE_KILL_AT: "spooled:1" })
  const bytes = await spooledBytes(at)
  assert.equal(bytes.indexOf(rowMarker), -1, "a row can be read in the spool")
  assert.equal(bytes.indexOf("accounts"), -1, "a table's name can be read in the spool")
  await running.kill9()

  // Without the key nothing is resynced, and nothing is passed over: a person is asked.
  const second = newKey()
  await at.keys([{ arn: keyArn, key: second }])
  await unlock()
  running = await place.start(environment)
  await api.reports("bank", "KMS_KEY_NOT_ACCESSIBLE")
  await running.terminate()
  await at.keys([{ arn: keyArn, key: first, enabled: false }])
  running = await place.start(environment)
  await waitUntil(async () => /is disabled/.test(await api.reports("bank", "KMS_KEY_NOT_ACCESSIBLE")), {
    what: "it to say that the key is disabled",
  })
  assert.equal((await api.describe("bank"))?.Status, "failed")
  await running.terminate()

  await writeFile(join(place.folder, "orders.key"), `${second}\n`, { mode: 0o600 })
  await at.keys([{ arn: keyArn, key_file: "orders.key", previous: [first] }])
  await place.start(environment)
  const load = startWorkload(context, source.url, 23)
  await works(api, "bank")
  await load.stop()
  await caughtUp(place, source.url, "bank")
  await assertEqualContent(place, source.url, "bank")
  assert.doesNotMatch(place.output(), /sourceHistoryLost/)
  for (const secret of [first, second]) assert.equal(place.output().indexOf(secret), -1, "a key was printed")
})

test("without a key the same spool holds rows as they are: the test above can fail", async (context) => {
  const at = await scene(context)
  const running = await at.place.start(environment)
  await at.api.create("bank", `include: ${at.source.name}.public.*`)
  await works(at.api, "bank")
  await firstCopied(at.place, at.source.url, "bank")
  await running.terminate()
  await lockWarehouse(context, at.place, "bank")
  await at.place.start(environment)
  assert.notEqual((await spooledBytes(at)).indexOf(rowMarker), -1)
})
