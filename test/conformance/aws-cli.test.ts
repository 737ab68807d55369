import assert from "node:assert/strict"
import { execFile, execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { admin, instanceArn, region, type ServedDoor, serveDoor, targetArn } from "./served-door.ts"

function cliVersion(): string | undefined {
  try {
    return execFileSync("aws", ["--version"], { encoding: "utf8" })
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
}

const skip = cliVersion() === undefined && "the aws command is not on this machine (pip install awscli)"

describe("the aws command", { skip }, () => {
  let door: ServedDoor
  let folder: string

  before(async () => {
    door = await serveDoor()
    folder = await mkdtemp(join(tmpdir(), "millrace-aws-cli-"))
    await writeFile(
      join(folder, "credentials"),
      `[millrace]\naws_access_key_id = ${admin.accessKeyId}\naws_secret_access_key = ${admin.secretAccessKey}\n` +
        `region = ${region}\nsql_user = admin\nsql_password = x\n`,
      { mode: 0o600 },
    )
  })
  after(async () => {
    await door.close()
    await rm(folder, { recursive: true })
  })

  function aws(...parameters: string[]): Promise<CliResult> {
    const { AWS_SESSION_TOKEN: _, AWS_ACCESS_KEY_ID: __, ...inherited } = process.env
    const env = {
      ...inherited,
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
      AWS_CONFIG_FILE: join(folder, "none"),
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_PAGER: "",
    }
    const fixed = ["--profile", "millrace", "--endpoint-url", door.endpoint, "--output", "json", "rds"]
    return new Promise((resolve) => {
      execFile("aws", [...fixed, ...parameters], { env, timeout: 60_000 }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1
        resolve({ exitCode, stdout, stderr })
      })
    })
  }

  async function answer(...parameters: string[]) {
    const result = await aws(...parameters)
    assert.equal(result.exitCode, 0, result.stderr)
    return JSON.parse(result.stdout)
  }

  test("create, describe, modify, delete", async () => {
    const created = await answer(
      "create-integration",
      ...["--source-arn", instanceArn, "--target-arn", targetArn, "--integration-name", "from-cli"],
      ...["--data-filter", "include: shop.public.*", "--description", "over <the> wire & back"],
      ...["--tags", "Key=team,Value=data", "Key=empty,Value="],
    )
    assert.equal(created.Status, "creating")
    assert.deepEqual(created.Errors, [])
    assert.deepEqual(created.Tags, [
      { Key: "team", Value: "data" },
      { Key: "empty", Value: "" },
    ])
    assert.equal(created.Description, "over <the> wire & back")
    assert.equal(created.DataFilter, "include: shop.public.*")
    assert.ok(Math.abs(Date.parse(created.CreateTime) - Date.now()) < 60_000)

    await door.sql("update millrace.integrations set status = 'active'")
    const { Integrations } = await answer("describe-integrations")
    assert.deepEqual(Integrations, [{ ...created, Status: "active" }])

    const modified = await answer(
      "modify-integration",
      ...["--integration-identifier", created.IntegrationArn, "--integration-name", "renamed"],
    )
    assert.equal(modified.IntegrationName, "renamed")
    const deleted = await answer("delete-integration", "--integration-identifier", created.IntegrationArn)
    assert.equal(deleted.Status, "deleting")

    await door.sql("delete from millrace.integrations")
    assert.deepEqual(await answer("describe-integrations"), { Integrations: [] })
  })

  test("refusals carry the API's own codes", async () => {
    const gone = await aws("delete-integration", "--integration-identifier", "gone")
    assert.notEqual(gone.exitCode, 0)
    assert.match(gone.stderr, /\(IntegrationNotFoundFault\) when calling the DeleteIntegration operation/)
    const unserved = await aws("describe-db-snapshots")
    assert.match(unserved.stderr, /\(InvalidAction\)/)
    const range = await aws("describe-integrations", "--max-records", "7", "--no-paginate")
    assert.match(range.stderr, /\(InvalidParameterValue\).*Must be between 20 and 100/)
  })
})
