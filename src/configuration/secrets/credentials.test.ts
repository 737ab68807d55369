import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, it } from "node:test"
import type { Configuration } from "../../domain/configuration.ts"
import { SetupError } from "../setup-error.ts"
import { credentialsPath, ensureCredentials, readCredentials, withGenerated } from "./credentials.ts"

const root = mkdtempSync(join(tmpdir(), "millrace credentials "))
after(() => rmSync(root, { recursive: true }))
let folders = 0
const newFolder = () => join(root, String(folders++), "data")

const isSetupError = (words: RegExp) => (error: unknown) =>
  error instanceof SetupError && words.test(error.message)

describe("data_dir/credentials", () => {
  it("is made once, private, and read back", async () => {
    const folder = newFolder()
    assert.equal(await readCredentials(folder), undefined)
    const made = await ensureCredentials(folder, "eu-west-1")
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.equal(statSync(credentialsPath(folder)).mode & 0o777, 0o600)
    assert.deepEqual(await ensureCredentials(folder, "us-east-1"), made)
    assert.equal(made.region, "eu-west-1")
    assert.equal(made.sqlUser, "admin")
    assert.match(made.accessKeyId, /^AKID[A-Z2-7]{16}$/)
    assert.ok(made.secretAccessKey.length >= 40 && made.sqlPassword.length >= 32)
    assert.notEqual(made.secretAccessKey, (await ensureCredentials(newFolder(), "us-east-1")).secretAccessKey)
  })

  it("is one and the same for all who make it at once, and leaves nothing beside it", async () => {
    const folder = newFolder()
    const made = await Promise.all(Array.from({ length: 8 }, () => ensureCredentials(folder, "us-east-1")))
    for (const one of made) assert.deepEqual(one, made[0])
    assert.deepEqual(readdirSync(folder), ["credentials"])
  })

  it("is refused when others may read it", async () => {
    const folder = newFolder()
    await ensureCredentials(folder, "us-east-1")
    for (const mode of [0o640, 0o604, 0o620]) {
      chmodSync(credentialsPath(folder), mode)
      await assert.rejects(ensureCredentials(folder, "us-east-1"), isSetupError(/chmod (600|g-w)/))
    }
  })

  it("keeps other profiles, comments and spaces apart", async () => {
    const folder = newFolder()
    const made = await ensureCredentials(folder, "us-east-1")
    const text = readFileSync(credentialsPath(folder), "utf8").replaceAll(" = ", "=").replaceAll("\n", "\r\n")
    writeFileSync(
      credentialsPath(folder),
      `[other]\nsql_user = nobody\n; x\n${text}\n[last]\nregion = mars\n`,
    )
    assert.deepEqual(await readCredentials(folder), made)
  })

  it("that is not whole is not replaced, but named without its secrets", async () => {
    const folder = newFolder()
    const { sqlPassword } = await ensureCredentials(folder, "us-east-1")
    const text = readFileSync(credentialsPath(folder), "utf8")
    writeFileSync(credentialsPath(folder), text.replace(/^aws_secret_access_key.*$/m, ""))
    await assert.rejects(
      ensureCredentials(folder, "us-east-1"),
      (error) => isSetupError(/no aws_secret_access_key/)(error) && !String(error).includes(sqlPassword),
    )
  })

  it("serves only where the configuration names none", async () => {
    const generated = await ensureCredentials(newFolder(), "us-east-1")
    const own = { accessKeyId: "OWN", secretAccessKey: "s", role: "read-only" } as const
    const configuration = { credentials: [own], sqlUsers: [] } as unknown as Configuration
    const filled = withGenerated(configuration, generated)
    assert.deepEqual(filled.credentials, [own])
    assert.deepEqual(filled.sqlUsers, [{ name: "admin", password: generated.sqlPassword, role: "admin" }])
    assert.deepEqual(withGenerated({ ...configuration, credentials: [] }, generated).credentials, [
      { accessKeyId: generated.accessKeyId, secretAccessKey: generated.secretAccessKey, role: "admin" },
    ])
  })

  it("in a folder that cannot be made says so", async () => {
    const file = join(root, "a file")
    writeFileSync(file, "")
    await assert.rejects(ensureCredentials(join(file, "data"), "us-east-1"), isSetupError(/ENOTDIR/))
  })
})
