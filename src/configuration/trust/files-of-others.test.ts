import assert from "node:assert/strict"
import { chmod, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, test } from "node:test"
import { removeFolder, temporaryFolder } from "../../../test/support/temporary-folder.ts"
import { engines } from "../../server/registries.ts"
import { loadConfiguration } from "../load.ts"
import { portCertificate } from "../secrets/port-certificate.ts"
import { SetupError } from "../setup-error.ts"

const folder = await temporaryFolder("files-of-others")
after(() => removeFolder(folder))
const onlyModes = { skip: process.platform === "win32" && "no modes of files" }

async function written(name: string, text: string, mode: number): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  await chmod(path, mode)
  return path
}

async function load(text: string) {
  const arn = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
  const warehouses = `warehouses: [{ arn: "${arn}", engine: duckdb }]`
  return loadConfiguration(await written("millrace.yaml", `${text}\n${warehouses}\n`, 0o644), {}, engines)
}

test("the authority that a source is judged by, when everybody may write it", onlyModes, async () => {
  const ca = await written("ca.pem", "", 0o666)
  const source = `{ arn: "arn:aws:rds:us-east-1:123456789012:db:a", engine: mysql, url: "mysql://u:s3cret@h/?ssl-mode=VERIFY_CA&ssl-ca=${ca}" }`
  const loaded = await load(`sources: [${source}]`)
  assert.ok("mistakes" in loaded)
  assert.match(
    loaded.mistakes.join("\n"),
    /^sources\[0\]\.url: a file of TLS is not yours alone: \S+ca\.pem may be written/,
  )
  assert.doesNotMatch(loaded.mistakes.join("\n"), /s3cret/)
  await chmod(ca, 0o644)
  assert.ok("ok" in (await load(`sources: [${source}]`)))
})

test("a certificate and its key, when everybody may write them", onlyModes, async () => {
  const loaded = await load("sources: []\nlisten: { tls: { cert: cert.pem, key: key.pem } }")
  assert.ok("ok" in loaded)
  await written("cert.pem", "", 0o646)
  await written("key.pem", "", 0o600)
  const refused = (words: RegExp) =>
    assert.rejects(
      portCertificate(loaded.ok),
      (error) => error instanceof SetupError && words.test(error.message),
    )
  await refused(/^listen\.tls\.cert: \S+cert\.pem may be written by every user/)
  await written("cert.pem", "", 0o644)
  await written("key.pem", "", 0o642)
  await refused(/^listen\.tls\.key: \S+key\.pem may be written by every user/)
})
