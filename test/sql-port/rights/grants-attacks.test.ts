import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { canary, vault, vaults } from "../vault.ts"
import { hidden, outOfEveryonesReach, waysToATable, writes } from "./attack-statements.ts"

const filled = (template: string, { full, schema, name }: (typeof vaults)[number]) =>
  template.replaceAll("VAULT", full).replaceAll("SCHEMA", schema).replaceAll("NAME", name)

test("no way leads to a table without the right to it, and none changes anything", async (t) => {
  const { attackers, attempt, contents, admin } = await vault(t)
  const before = await contents()
  for (const { name, client } of attackers) {
    // The one with rights of the same kind is the most dangerous: tries all places.
    for (const place of name === "reader" ? vaults : vaults.slice(0, 1)) {
      for (const template of waysToATable) {
        const said = await attempt(client, filled(template, place))
        assert.ok(!said.includes(canary), `${name}: ${filled(template, place)}\n${said}`)
      }
    }
  }
  assert.deepEqual(await contents(), before)

  // That the ways lead somewhere: with the right, many of them do.
  await admin.query("GRANT SELECT ON public.vault TO reader")
  const reader = attackers.find(({ name }) => name === "reader")?.client
  const [place] = vaults
  assert.ok(reader && place)
  let found = 0
  for (const template of waysToATable.slice(0, 80)) {
    if ((await attempt(reader, filled(template, place))).includes(canary)) found++
  }
  t.diagnostic(`with the right, ${found} of the first 80 ways show the table`)
  assert.ok(found >= 40, `only ${found} of the first 80 ways work with the right`)
})

test("files, settings, the engine's own and what others own stay out of reach of all of them", async (t) => {
  const { attackers, attempt, contents, folder, admin } = await vault(t)
  const before = await contents()
  const file = join(folder, "data.csv")
  for (const template of [...outOfEveryonesReach, ...writes, ...hidden]) {
    const sql = template
      .replaceAll("FILE", file)
      .replaceAll("DB", join(folder, "crm.duckdb"))
      .replaceAll("FOLDER", folder)
    for (const { name, client } of attackers) {
      // What a partner's user makes in dev is no attack.
      if (name === "loader" && writes.includes(template)) continue
      const said = await attempt(client, sql)
      assert.ok(!said.includes(canary), `${name}: ${sql}\n${said}`)
    }
  }
  assert.deepEqual(await contents(), before)
  const seen = await admin.query("SELECT secret FROM public.vault ORDER BY 1")
  assert.deepEqual(seen.rows, [{ secret: `${canary} one` }, { secret: `${canary} two` }])
})

test("a view lends its owner's eyes to whom it was granted, and only for itself", async (t) => {
  const { attackers, attempt, admin } = await vault(t)
  const reader = attackers.find(({ name }) => name === "reader")?.client
  assert.ok(reader)
  assert.ok(!(await attempt(reader, "SELECT * FROM public.window")).includes(canary))
  await admin.query("GRANT SELECT ON public.window TO reader")
  assert.ok((await attempt(reader, "SELECT * FROM public.window")).includes(`${canary} one`))
  assert.ok(!(await attempt(reader, "SELECT w.* FROM public.window w, public.vault v")).includes(canary))
})
