import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { rm } from "node:fs/promises"
import type { TestContext } from "node:test"
import { promisify } from "node:util"
import { defaultConfiguration } from "../../../src/configuration/load.ts"
import { portCertificate } from "../../../src/configuration/secrets/port-certificate.ts"
import { engines } from "../../../src/server/registries.ts"
import { temporaryFolder } from "../../support/temporary-folder.ts"
import { type TestWarehouse, testWarehouse } from "../warehouse.ts"

/** A port with TLS that takes connections without it too. */
export async function warehouseWithTls(t: TestContext): Promise<TestWarehouse> {
  const dataDir = await temporaryFolder("client")
  t.after(() => rm(dataDir, { recursive: true, force: true }))
  const certificate = await portCertificate({ ...defaultConfiguration(dataDir, engines), dataDir })
  return testWarehouse(t, { tls: { ...certificate, unencrypted: "loopback" } })
}

/** Runs a client's program, which prints `ok …` or `FAILED …: why` for each of its parts; each becomes a test. */
export async function runParts(
  t: TestContext,
  command: string,
  args: string[],
  parts: number,
): Promise<void> {
  const { stdout, stderr } = await promisify(execFile)(command, args, { timeout: 120_000 })
  const lines = stdout.trim().split("\n")
  for (const line of lines) await t.test(line.replace(/^(ok|FAILED) /, ""), () => assert.match(line, /^ok /))
  assert.equal(lines.length, parts, stderr)
}
