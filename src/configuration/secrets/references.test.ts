import assert from "node:assert/strict"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import { engines } from "../../server/registries.ts"
import { loadConfiguration } from "../load.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace references "))
after(() => rmSync(folder, { recursive: true }))

const namespace = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
const minimal = `sources: []\nwarehouses: [{ arn: "${namespace}", engine: duckdb }]\n`

function load(text: string, environment: Record<string, string> = {}) {
  const path = join(folder, "millrace.yaml")
  writeFileSync(path, text)
  return loadConfiguration(path, environment, engines)
}

const mistaken: [name: string, text: string, expected: (string | RegExp)[]][] = [
  [
    "a secret's file that is not there",
    `${minimal}state: "\${file:nowhere}"`,
    [/^state: the file \/.*\/nowhere cannot be read \(ENOENT\)$/],
  ],
  ["a secret's file without a path", `${minimal}state: "\${file:}"`, [/^state: file: must be followed/]],
  [
    "a file without end",
    `${minimal}state: "\${file:/dev/zero}"`,
    [/^state: \/dev\/zero has more than 64 KiB: a secret is shorter$/],
  ],
  ["a command that fails", `${minimal}state: "\${cmd:exit 7}"`, ["state: the command ended with 7"]],
  [
    "a command that prints nothing",
    `${minimal}state: "\${cmd:true}"`,
    ["state: what the command prints is empty"],
  ],
  [
    "a command without end",
    `${minimal}state: "\${cmd:cat /dev/zero 2>&-}"`,
    ["state: what the command prints has more than 64 KiB: a secret is shorter"],
  ],
]

describe("references of millrace.yaml", () => {
  it("takes secrets from files and from commands, which run once", () => {
    writeFileSync(join(folder, "password"), "p/w\u00e4\n", { mode: 0o600 })
    const counted = "echo x >> runs; printf 's%s' $PART"
    const loaded = load(
      `state: "postgres://u:\${cmd:${counted}}@db/\${cmd:${counted}}"\nsql_users: [{ name: a, password: "\${file:password}!", policy: admin }]\n${minimal}`,
      { PART: "ecret", PATH: process.env.PATH ?? "" },
    )
    assert.ok("ok" in loaded, JSON.stringify(loaded))
    assert.equal(loaded.ok.stateUrl, "postgres://u:secret@db/secret")
    assert.equal(loaded.ok.sqlUsers[0]?.password, "p/w\u00e4!")
    assert.equal(readFileSync(join(folder, "runs"), "utf8"), "x\n")
  })

  it("needs no secret of sources, keys and warehouses where it is read to ask only", () => {
    const path = join(folder, "millrace.yaml")
    const text = `region: eu-west-1\nstate: "\${A}"\nkms_keys: [{ arn: x, key: "\${B}" }]\nsources: [{ url: "\${C}" }]\nwarehouses: [{ arn: "${namespace}", engine: postgres, url: "\${D}" }]\n`
    writeFileSync(path, text)
    const asking = loadConfiguration(path, {}, engines, "ask-api")
    assert.ok("ok" in asking, JSON.stringify(asking))
    assert.deepEqual([asking.ok.region, asking.ok.sources, asking.ok.stateUrl], ["eu-west-1", [], undefined])
    const direct = loadConfiguration(path, {}, engines, "ask-warehouse")
    assert.deepEqual("mistakes" in direct && direct.mistakes, [
      "warehouses[0].url: the environment variable D is not set",
    ])
    assert.ok("mistakes" in loadConfiguration(path, {}, engines))
    writeFileSync(path, `region: 7\n${minimal}`)
    const wrong = loadConfiguration(path, {}, engines, "ask-api")
    assert.deepEqual(wrong, { mistakes: ["region: must be text: put it in quotes"] })
  })

  for (const [name, text, [expected = ""]] of mistaken)
    it(name, () => {
      const loaded = load(text)
      assert.ok("mistakes" in loaded)
      const [found = "", ...more] = loaded.mistakes
      assert.deepEqual(more, [])
      if (typeof expected === "string") assert.equal(found, expected)
      else assert.match(found, expected)
    })
})
