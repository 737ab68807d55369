/** The scripts of the manual set-up, run on a real PostgreSQL as a person would. */
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { type TestContext, test } from "node:test"
import pg from "pg"
import { passwordHash } from "../../../src/governance/setup/password-hashes.ts"
import type { SetupPlan } from "../../../src/governance/setup/plan.ts"
import { type ScriptKind, scriptText } from "../../../src/governance/setup/scripts.ts"
import { remainsQuery } from "../../../src/governance/setup/statements.ts"
import { testDatabase } from "../../support/postgres.ts"

const place = { host: "db.example", port: 5432 }
const password = "Sys-pass-7"

async function ask(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const result = (await client.query(text)) as pg.QueryResult | pg.QueryResult[]
    return [result].flat().at(-1)?.rows ?? []
  } finally {
    await client.end()
  }
}

async function newPlan(t: TestContext, changes: Partial<SetupPlan> = {}) {
  const database = await testDatabase()
  const tail = randomBytes(4).toString("hex")
  const plan: SetupPlan = {
    dialect: "postgres",
    database: database.name,
    initialDatabase: database.name,
    systemUser: `sys.${tail}@example.com`,
    impersonationRole: `imp_${tail}`,
    fingerprint: "sha256:1",
    ...changes,
  }
  const hash = {
    hash: passwordHash("postgres", { user: plan.systemUser, password, seed: Buffer.from("seed") }),
  }
  const first: (() => Promise<unknown>)[] = []
  t.after(async () => {
    for (const close of first) await close()
    await run(plan, { kind: "cleanup" })
    await database.drop()
  })
  const urlOf = (user: string, secret: string, name = plan.database) => {
    const url = new URL(database.url)
    url.username = encodeURIComponent(user)
    url.password = encodeURIComponent(secret)
    url.pathname = `/${name}`
    return url.href
  }
  const run = (one: SetupPlan, which: ScriptKind) => ask(database.url, scriptText(one, which, place))
  return { plan, hash, run, url: database.url, sysUrl: urlOf(plan.systemUser, password), urlOf, tail, first }
}

test("in one database: create, create again, use as the account, delete; nothing is left", async (t) => {
  const { plan, hash, run, url, sysUrl } = await newPlan(t)
  await run(plan, { kind: "initial-create", password: hash })
  await run(plan, { kind: "create" })
  await run(plan, { kind: "create" })
  assert.deepEqual(await ask(sysUrl, "SELECT v FROM immuta_system.metadata WHERE k = 'fingerprint'"), [
    { v: "sha256:1" },
  ])
  const owners = await ask(
    url,
    "SELECT DISTINCT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname LIKE 'immuta%'",
  )
  assert.deepEqual(owners, [{ owner: plan.systemUser }])
  const [hashed] = await ask(
    url,
    "SELECT immuta_functions.hash('a', 's') AS h, immuta_functions.mask_regex('abc', 'b', 'x') AS m, immuta_functions.trunc_number(17, 5) AS n",
  )
  assert.deepEqual([String(hashed?.h).length, hashed?.m, hashed?.n], [64, "axc", "15"])
  await run(plan, { kind: "delete" })
  assert.deepEqual(
    (await ask(url, remainsQuery(plan))).map(({ kind }) => kind),
    ["database"],
  )
})

test("cleanup works after any part of a set-up", async (t) => {
  const { plan, hash, run, url } = await newPlan(t)
  await run(plan, { kind: "cleanup" })
  await run(plan, { kind: "initial-create", password: hash })
  await run(plan, { kind: "cleanup" })
  const parts = scriptText(plan, { kind: "create" }, place).split(";\n\n")
  await run(plan, { kind: "initial-create", password: hash })
  await ask(url, `${parts.slice(0, 6).join(";\n\n")}; RESET ROLE`)
  await run(plan, { kind: "cleanup" })
  assert.deepEqual(
    (await ask(url, remainsQuery(plan))).map(({ kind }) => kind),
    ["database"],
  )
})

test("an edit turns impersonation off and on, and renames its group", async (t) => {
  const { plan, hash, run, url, tail } = await newPlan(t)
  await run(plan, { kind: "initial-create", password: hash })
  await run(plan, { kind: "create" })
  const groups = async () =>
    (await ask(url, `SELECT groname FROM pg_group WHERE groname LIKE '%${tail}' ORDER BY 1`)).map(
      ({ groname }) => groname,
    )
  const off = { ...plan, impersonationRole: undefined, fingerprint: "sha256:2" }
  await run(off, { kind: "edit", previous: plan, password: undefined })
  assert.deepEqual(await groups(), [])
  await assert.rejects(
    ask(url, "CALL immuta_procedures.impersonate_user('x')"),
    /Impersonation is not enabled/,
  )
  const renamed = { ...plan, impersonationRole: `other_${tail}`, fingerprint: "sha256:3" }
  await run(renamed, { kind: "edit", previous: off, password: hash })
  assert.deepEqual(await groups(), [`other_${tail}`])
  await run(plan, { kind: "edit", previous: renamed, password: hash })
  assert.deepEqual(await groups(), [`imp_${tail}`])
  assert.deepEqual(await ask(url, "SELECT v FROM immuta_system.metadata WHERE k = 'fingerprint'"), [
    { v: "sha256:1" },
  ])
})

test("impersonation: a member sees the target's rows in that session until NULL; others do not", async (t) => {
  const { plan, hash, run, sysUrl, url, urlOf, tail, first } = await newPlan(t)
  await run(plan, { kind: "initial-create", password: hash })
  await run(plan, { kind: "create" })
  const [ann, bob] = [`ann_${tail}`, `bob_${tail}`]
  await ask(url, `CREATE USER ${ann} PASSWORD 'a'; CREATE USER ${bob} PASSWORD 'b'`)
  await ask(
    sysUrl,
    `CALL immuta_procedures.upsert_profile('${ann}', 'Ann', 'bim', true);
     CALL immuta_procedures.upsert_profile('${bob}', 'Bob', 'bim', true);
     CALL immuta_procedures.grant_impersonation('${ann}');
     INSERT INTO immuta_system.entitlement VALUES ('${bob}', 'group', 'hr', NULL)`,
  )
  const session = new pg.Client({ connectionString: urlOf(ann, "a") })
  await session.connect()
  first.push(
    () => session.end(),
    () => ask(url, `DROP USER ${ann}, ${bob}`),
  )
  const who = async () =>
    (await session.query("SELECT display_user FROM immuta_system.user_profile")).rows.map(
      ({ display_user: name }) => name,
    )
  assert.deepEqual(await who(), ["Ann"])
  await session.query("CALL immuta_procedures.impersonate_user('Bob')")
  assert.deepEqual(await who(), ["Bob"])
  assert.equal((await session.query("SELECT 1 FROM immuta_system.my_entitlements")).rowCount, 1)
  assert.deepEqual(await ask(urlOf(ann, "a"), "SELECT display_user AS d FROM immuta_system.user_profile"), [
    { d: "Ann" },
  ])
  await session.query("CALL immuta_procedures.impersonate_user(NULL)")
  assert.deepEqual(await who(), ["Ann"])
  await session.query("CALL immuta_procedures.impersonate_user('Bob')")
  await ask(sysUrl, `CALL immuta_procedures.revoke_impersonation('${ann}')`)
  assert.deepEqual(await who(), ["Ann"])
  for (const refused of [
    "CALL immuta_procedures.impersonate_user('Bob')",
    `CALL immuta_procedures.grant_impersonation('${ann}')`,
    "SELECT * FROM immuta_system.entitlement",
    "SELECT * FROM immuta_system.metadata",
    "INSERT INTO immuta_system.impersonator VALUES ('x')",
  ])
    await assert.rejects(session.query(refused), /permission denied|may not/, refused)
  await ask(
    sysUrl,
    `CALL immuta_procedures.grant_impersonation('${ann}'); CALL immuta_procedures.grant_impersonation('${bob}')`,
  )
  await assert.rejects(
    session.query("CALL immuta_procedures.impersonate_user('Bob')"),
    /cannot be impersonated/,
  )
  await assert.rejects(session.query("CALL immuta_procedures.impersonate_user('Eve')"), /no active user/)
  const events = await ask(sysUrl, "SELECT target FROM immuta_system.impersonation_event ORDER BY at")
  assert.deepEqual(
    events.map(({ target }) => target),
    [bob, null, bob],
  )
})

/** As on a server where everybody may create in `public`: operators and functions that fit better than the server's own. */
const planted = `
  CREATE FUNCTION public.yes(varchar, varchar) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true';
  CREATE OPERATOR public.= (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.yes);
  CREATE FUNCTION public.taken(varchar, varchar) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'planted'; END $$;
  CREATE OPERATOR public.|| (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = public.taken)`

test("operators that somebody has put into public are no part of what is set up", async (t) => {
  const { plan, hash, run, url, sysUrl, urlOf, tail, first } = await newPlan(t)
  const [ann, bob] = [`ann_${tail}`, `bob_${tail}`]
  await ask(
    url,
    `CREATE USER ${ann} PASSWORD 'a'; CREATE USER ${bob} PASSWORD 'b'; GRANT CREATE ON SCHEMA public TO ${ann}`,
  )
  first.push(() => ask(url, `DROP OWNED BY ${ann}, ${bob} CASCADE; DROP USER ${ann}, ${bob}`))
  await ask(urlOf(ann, "a"), planted)
  await run(plan, { kind: "initial-create", password: hash })
  await run(plan, { kind: "create" })
  await ask(
    sysUrl,
    `CALL immuta_procedures.upsert_profile('${ann}', 'Ann', 'bim', true);
     CALL immuta_procedures.upsert_profile('${bob}', 'Bob', 'bim', true);
     INSERT INTO immuta_system.entitlement VALUES ('${bob}', 'group', 'hr', NULL)`,
  )
  assert.deepEqual(
    await ask(urlOf(ann, "a"), "SELECT display_user AS name FROM immuta_system.user_profile"),
    [{ name: "Ann" }],
  )
  assert.deepEqual(await ask(urlOf(ann, "a"), "SELECT * FROM immuta_system.my_entitlements"), [])
  const hashed = "SELECT length(immuta_functions.hash('a'::varchar, 's'::varchar))::int AS h"
  assert.deepEqual(await ask(sysUrl, hashed), [{ h: 64 }])
})
