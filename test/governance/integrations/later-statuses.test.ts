/** What becomes of an integration once it is set up: another version of its objects, and an end of all work on it. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  createIntegration,
  deleteIntegration,
  getIntegration,
} from "../../../src/control-plane/governance/integrations/calls.ts"
import {
  disableIntegration,
  enableIntegration,
} from "../../../src/control-plane/governance/integrations/disable.ts"
import { startRevalidation } from "../../../src/control-plane/governance/integrations/revalidate.ts"
import { Fault } from "../../../src/domain/faults.ts"
import { objectsVersion } from "../../../src/governance/setup/plan.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { governedServer, settled } from "./governed-server.ts"
import { rowsOf } from "./state-rows.ts"

/** As the first version made them. */
const firstVersion = `SET ROLE immuta_owner;
  DROP VIEW immuta_system.my_entitlements, immuta_system.user_profile;
  ALTER TABLE immuta_system.profile ALTER updated_at DROP DEFAULT, ALTER display_user TYPE varchar(256), ALTER iam TYPE varchar(128);
  ALTER TABLE immuta_system.entitlement ALTER key TYPE varchar(512), ALTER value TYPE varchar(512);
  CREATE VIEW immuta_system.user_profile AS SELECT username, display_user, iam FROM immuta_system.profile WHERE active AND username = current_user;
  CREATE VIEW immuta_system.my_entitlements AS SELECT e.kind, e.key, e.value FROM immuta_system.entitlement e JOIN immuta_system.user_profile u ON e.username = u.username;
  UPDATE immuta_system.metadata SET v = '1' WHERE k = 'version'`

test("managed objects of an earlier version are migrated; what hinders it is said, and tried again", async (t) => {
  const server = await governedServer(t)
  const { calls } = await server.start()
  const { answer } = await createIntegration(calls, server.payload())
  assert.equal(await settled(calls, answer.id), "enabled")
  const managed = new URL(server.url)
  managed.pathname = `/${server.managed}`
  const [account] = await rowsOf(
    managed.href,
    "SELECT quote_ident(pg_get_userbyid(nspowner)) AS name FROM pg_namespace WHERE nspname = 'immuta_system'",
  )
  await rowsOf(managed.href, firstVersion.replace("immuta_owner", String(account?.name)))
  await rowsOf(managed.href, "ALTER TABLE immuta_system.entitlement OWNER TO CURRENT_USER")
  const watch = startRevalidation(calls, 50)
  const becomes = (status: string) =>
    waitUntil(async () => (await getIntegration(calls, answer.id)).status === status, { what: status })
  try {
    await becomes("migrateError")
    const { validationResults } = await getIntegration(calls, answer.id)
    assert.match(JSON.stringify(validationResults), /managed objects.*must be owner of table entitlement/)
    await rowsOf(managed.href, `ALTER TABLE immuta_system.entitlement OWNER TO ${account?.name}`)
    await becomes("enabled")
  } finally {
    await watch.stop()
  }
  const [{ v, type, definition } = {}] = await rowsOf(
    managed.href,
    `SELECT v, (SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'immuta_system.entitlement'::regclass AND attname = 'value') AS type,
       pg_get_viewdef('immuta_system.user_profile'::regclass) AS definition FROM immuta_system.metadata WHERE k = 'version'`,
  )
  assert.deepEqual([v, type], [String(objectsVersion), "text"])
  assert.match(String(definition), /SESSION_USER/)
})

test("disabled: nothing is done there any more; enabled again, or deleted without work on the server", async (t) => {
  const server = await governedServer(t)
  const { calls } = await server.start()
  const body = server.payload()
  const { answer } = await createIntegration(calls, body)
  const { id } = answer
  assert.equal(await settled(calls, id), "enabled")
  const isRefused = (kind: string) => (error: unknown) => error instanceof Fault && error.kind === kind
  await assert.rejects(enableIntegration(calls, id), isRefused("integrationInWrongState"))
  assert.equal((await disableIntegration(calls, id)).answer.status, "disabled")
  await assert.rejects(disableIntegration(calls, id), isRefused("integrationInWrongState"))
  const { store } = calls.plane
  assert.equal(await store.idOnHost("Redshift", body.config.host), undefined, "the host is free")
  assert.equal((await enableIntegration(calls, id)).answer.status, "enabled")
  await disableIntegration(calls, id)
  assert.equal((await deleteIntegration(calls, id, undefined)).answer.status, "deleted")
  assert.equal(await settled(calls, id), "deleted")
  assert.deepEqual(await server.left(), ["database", "user"])
})
