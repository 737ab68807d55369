import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { engines } from "../server/registries.ts"
import { loadConfiguration } from "./load.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-events-"))
after(() => rmSync(folder, { recursive: true }))

const namespace = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"

function load(text: string) {
  const path = join(folder, "millrace.yaml")
  writeFileSync(path, `sources: []\nwarehouses: [{ arn: "${namespace}", engine: duckdb }]\n${text}\n`)
  const loaded = loadConfiguration(path, { HOOK: "sixteen-characters" }, engines)
  return "ok" in loaded ? loaded.ok : loaded.mistakes
}

test("a webhook has a URL and a secret of some length; neither is repeated when wrong", () => {
  const url = "https://hooks.example.com/millrace?t=1"
  const loaded = load(`events: { webhook: "${url}", secret: "\${HOOK}" }`)
  assert.ok(!Array.isArray(loaded))
  assert.deepEqual(loaded.webhook, { url, secret: "sixteen-characters" })
  const mistakes = load('events: { webhook: "https://u:s3cret@h/", secret: s3cret }')
  assert.ok(Array.isArray(mistakes))
  assert.deepEqual(mistakes, [
    "events.webhook: must be an http or https URL without a user in it",
    "events.secret: must have at least 16 characters",
  ])
})

test("webhooks of profiles are a list, each with a secret of some length", () => {
  const url = "https://hooks.example.com/profiles"
  const loaded = load(`profile_webhooks: [{ url: "${url}", secret: "\${HOOK}" }]`)
  assert.ok(!Array.isArray(loaded))
  assert.deepEqual(loaded.profileWebhooks, [{ url, secret: "sixteen-characters" }])
  assert.deepEqual(load(`profile_webhooks: [{ url: "${url}", secret: short }]`), [
    "profile_webhooks[0].secret: must have at least 16 characters",
  ])
})

test("quotas are the cloud's unless told otherwise", () => {
  const loaded = load("quotas: { per_source: 2 }")
  assert.ok(!Array.isArray(loaded))
  assert.deepEqual(loaded.quotas, { perAccount: 100, perTarget: 50, perSource: 2 })
})
