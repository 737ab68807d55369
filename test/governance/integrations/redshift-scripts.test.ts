/**
 * The scripts for Redshift, which no server here can run: read by PostgreSQL's own grammar, as far as it can judge. What it does not
 * know is listed here, each with the page of the cloud's documentation that has it.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { parse, parsePlPgSQL } from "libpg-query"
import type { SetupPlan } from "../../../src/governance/setup/plan.ts"
import { type ScriptKind, scriptText } from "../../../src/governance/setup/scripts.ts"

const plan: SetupPlan = {
  dialect: "redshift",
  database: "immuta",
  initialDatabase: "sample",
  systemUser: "taylor@example.com",
  impersonationRole: "immuta_impersonation",
  fingerprint: "sha256:1",
}
const hash = { hash: `md5${"0".repeat(32)}` }

/** Of the cloud only; the rest of each statement is judged without it. */
const ownForms: [form: RegExp, plain: string, page: string][] = [
  [/^(DROP DATABASE "\w+") FORCE$/, "$1", "DROP DATABASE"],
  [/^((?:CREATE|ALTER) USER "[^"]+") PASSWORD DISABLE/, "$1", "CREATE USER, ALTER USER"],
]

function statementsOf(script: string): string[] {
  return script
    .split(";\n\n")
    .map((one) => one.replaceAll(/^--.*$/gm, "").trim())
    .filter((one) => one !== "")
    .map((one) => one.replace(/;$/, ""))
}

const kinds: [string, SetupPlan, ScriptKind][] = [
  ["initial-create", plan, { kind: "initial-create", password: hash }],
  ["initial-create by Okta", plan, { kind: "initial-create", password: "none" }],
  ["create", plan, { kind: "create" }],
  ["create without impersonation", { ...plan, impersonationRole: undefined }, { kind: "create" }],
  [
    "edit",
    { ...plan, systemUser: "other" },
    { kind: "edit", previous: { ...plan, impersonationRole: "before" }, password: "none" },
  ],
  ["cleanup", plan, { kind: "cleanup" }],
  ["delete", plan, { kind: "delete" }],
  ["delete in one database", { ...plan, database: "sample" }, { kind: "delete" }],
]

for (const [name, of, which] of kinds)
  test(`script ${name} for Redshift is well formed`, async () => {
    const statements = statementsOf(scriptText(of, which, { host: "db.example", port: 5439 }))
    assert.ok(statements.length >= 2)
    for (const statement of statements) {
      const plain = ownForms.reduce((left, [form, to]) => left.replace(form, to), statement)
      await parse(plain).catch((error: unknown) => assert.fail(`${String(error)}: ${statement}`))
      if (/^CREATE OR REPLACE PROCEDURE/.test(plain)) await parsePlPgSQL(plain)
      // What the cloud lacks, whatever the grammar takes.
      assert.doesNotMatch(
        statement,
        /SCRAM|timestamptz|security_barrier|IF NOT EXISTS "|DROP OWNED|WITH \(FORCE\)|SET ROLE|\bnow\(\)/,
      )
    }
  })
