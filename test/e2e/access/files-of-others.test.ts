import assert from "node:assert/strict"
import { chmod, chown, mkdir, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { newPlace } from "../place.ts"

const isRoot = process.geteuid?.() === 0
const stranger = 54_321

test("folders and files that others may write or own are refused, with the statement that mends it", {
  skip: process.platform === "win32" && "no modes of files",
}, async (context) => {
  const place = await newPlace(context, { sources: [] })
  const refused = async (code: number, words: RegExp) => {
    const ended = await place.fail()
    assert.equal(ended.code, code, ended.output)
    assert.match(ended.stderr, words)
    assert.equal(ended.stdout, "")
  }
  await chmod(place.configPath, 0o666)
  await refused(
    2,
    /millrace\.yaml: \S+ may be written by every user \(mode 666\): run `chmod o-w \S+millrace\.yaml`/,
  )
  await chmod(place.configPath, 0o644)

  const { dataDir } = place
  await mkdir(dataDir)
  await chmod(dataDir, 0o777)
  await refused(1, /data_dir \S+: \S+data may be written by every user/)
  const checked = await place.run("check")
  assert.equal(checked.code, 1)
  assert.match(checked.stdout, /^configuration: 2 to mend\n {2}error: data_dir \S+: \S+data may be written/)
  await chmod(dataDir, 0o700)
  await chmod(place.folder, 0o777)
  await refused(2, /the folder on the way \S+ may be written by every user/)
  await chmod(place.folder, 0o755)

  await mkdir(join(dataDir, "warehouse"))
  await chmod(join(dataDir, "warehouse"), 0o757)
  await refused(1, /warehouses\[0\]\.path \S+: .* may be written by every user/)
  await chmod(join(dataDir, "warehouse"), 0o700)

  const key = join(place.folder, "key")
  await writeFile(key, Buffer.alloc(32, 1).toString("base64"))
  await chmod(key, 0o646)
  const arn = "arn:aws:kms:us-east-1:123456789012:key/orders"
  await place.configure((configuration) => {
    configuration.kms_keys = [{ arn, key_file: "key" }]
  })
  await refused(2, /kms_keys\[0\]\.key_file: is not yours alone: \S+key may be written by every user/)
  await chmod(key, 0o600)

  if (isRoot) {
    for (const [path, words] of [
      [
        place.configPath,
        /millrace\.yaml belongs to another user \(uid 54321\): run Millrace as that user, or run `chown 0 /,
      ],
      [dataDir, /data belongs to another user/],
      [join(dataDir, "credentials"), /credentials belongs to another user/],
    ] as const) {
      if (path.endsWith("credentials")) await writeFile(path, "[millrace]\n", { mode: 0o600 })
      await chown(path, stranger, stranger)
      await refused(path === place.configPath ? 2 : 1, words)
      await chown(path, 0, 0)
    }
    await writeFile(join(dataDir, "credentials"), "")
  }
  await assert.rejects(stat(join(dataDir, "state")), "an embedded PostgreSQL was begun")
})
