import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { engines } from "../server/registries.ts"
import { loadConfiguration } from "./load.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-listen-"))
after(() => rmSync(folder, { recursive: true }))

function load(tls: string) {
  const path = join(folder, "millrace.yaml")
  const arn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
  writeFileSync(
    path,
    `listen: { tls: ${tls} }\nsources: []\nwarehouses: [{ arn: "${arn}", engine: duckdb }]\n`,
  )
  return loadConfiguration(path, {}, engines)
}

test("a certificate's files are found beside millrace.yaml", () => {
  const loaded = load("{ cert: a.pem, key: /etc/b.pem, unencrypted: nowhere }")
  assert.deepEqual("ok" in loaded && loaded.ok.listen.tls, {
    cert: join(folder, "a.pem"),
    key: "/etc/b.pem",
    unencrypted: "nowhere",
  })
  const usual = load("{}")
  assert.deepEqual("ok" in usual && usual.ok.listen.tls, { unencrypted: "loopback" })
})

test("health checks may have a listener of their own, which is no other's", () => {
  const loaded = load("{} , health: 127.0.0.1:5441")
  assert.deepEqual("ok" in loaded && loaded.ok.listen.health, { host: "127.0.0.1", port: 5441 })
  assert.deepEqual(load("{}, health: 127.0.0.1:5439"), {
    mistakes: ["listen.health: is the same as listen.sql"],
  })
})

test("mistakes are named", () => {
  assert.deepEqual(load("{ cert: a.pem }"), {
    mistakes: ["listen.tls: must have both cert and key, or neither"],
  })
  const loaded = load("{ unencrypted: never }")
  assert.match(
    ("mistakes" in loaded && loaded.mistakes[0]) || "",
    /^listen\.tls\.unencrypted: must be one of nowhere/,
  )
})
