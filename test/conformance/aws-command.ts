import assert from "node:assert/strict"
import { execFile, execFileSync } from "node:child_process"
import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Credential } from "../../src/domain/configuration.ts"
import { temporaryFolder } from "../support/temporary-folder.ts"
import { admin, region } from "./served-door.ts"

function version(): string | undefined {
  try {
    return execFileSync("aws", ["--version"], { encoding: "utf8" })
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined
    throw error
  }
}

export interface CliResult {
  exitCode: number
  stdout: string
  stderr: string
}

export const skip = version() === undefined && "the aws command is not on this machine (pip install awscli)"

/** The `aws` command with a credentials file like the one that Millrace writes. */
export interface AwsCommand {
  run(...parameters: string[]): Promise<CliResult>
  /** What it answers, as an object; fails unless it ends well. */
  answer(...parameters: string[]): Promise<ReturnType<typeof JSON.parse>>
  remove(): Promise<void>
}

export async function awsCommand(
  endpoint: string,
  key: Pick<Credential, "accessKeyId" | "secretAccessKey"> = admin,
): Promise<AwsCommand> {
  const folder = await temporaryFolder("aws-cli")
  await writeFile(
    join(folder, "credentials"),
    `[millrace]\naws_access_key_id = ${key.accessKeyId}\naws_secret_access_key = ${key.secretAccessKey}\n` +
      `region = ${region}\nsql_user = admin\nsql_password = x\n`,
    { mode: 0o600 },
  )
  const run = (...parameters: string[]): Promise<CliResult> => {
    const { AWS_SESSION_TOKEN: _, AWS_ACCESS_KEY_ID: __, ...inherited } = process.env
    const env = {
      ...inherited,
      AWS_SHARED_CREDENTIALS_FILE: join(folder, "credentials"),
      AWS_CONFIG_FILE: join(folder, "none"),
      AWS_EC2_METADATA_DISABLED: "true",
      AWS_MAX_ATTEMPTS: "1",
      AWS_PAGER: "",
    }
    const fixed = ["--profile", "millrace", "--endpoint-url", endpoint, "--output", "json"]
    return new Promise((resolve) => {
      execFile("aws", [...fixed, ...parameters], { env, timeout: 60_000 }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1
        resolve({ exitCode, stdout, stderr })
      })
    })
  }
  return {
    run,
    async answer(...parameters) {
      const result = await run(...parameters)
      assert.equal(result.exitCode, 0, result.stderr)
      return result.stdout.trim() === "" ? undefined : JSON.parse(result.stdout)
    },
    remove: () => rm(folder, { recursive: true }),
  }
}
