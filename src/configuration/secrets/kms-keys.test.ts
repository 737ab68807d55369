import assert from "node:assert/strict"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { after, test } from "node:test"
import { removeFolder, temporaryFolder } from "../../../test/support/temporary-folder.ts"
import { defaultKeyArn } from "../../domain/default-key.ts"
import { engines } from "../../server/registries.ts"
import { loadConfiguration } from "../load.ts"

const folder = await temporaryFolder("keys")
after(() => removeFolder(folder))

const arn = "arn:aws:kms:us-east-1:123456789012:key/orders"
const material = (n: number) => Buffer.alloc(32, n).toString("base64")

async function load(keys: string) {
  const path = join(folder, "millrace.yaml")
  const warehouse = "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/main"
  const rest = `sources: []\nwarehouses: [{ arn: "${warehouse}", engine: duckdb }]`
  await writeFile(path, `kms_keys: [${keys}]\n${rest}\n`)
  return loadConfiguration(path, { KEY: material(1) }, engines)
}

test("a key comes from the environment or from a file of its own", async () => {
  await writeFile(join(folder, "key"), `${material(2)}\n`)
  const more = `aliases: [alias/a], previous: ["${material(3)}"]`
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
  const given = 'key: "${KEY}"'
  const loaded = await load(
    `{ arn: "${arn}", ${given}, ${more} }, { arn: "${arn}2", key_file: key, enabled: false }`,
  )
  assert.ok("ok" in loaded)
  assert.deepEqual(loaded.ok.kmsKeys, [
    {
      arn,
      aliases: ["alias/a"],
      enabled: true,
      key: Buffer.alloc(32, 1),
      previous: [Buffer.alloc(32, 3)],
    },
    { arn: `${arn}2`, aliases: [], enabled: false, key: Buffer.alloc(32, 2), previous: [] },
  ])
})

const mistakes: [string, string, RegExp[]][] = [
  [
    "too short, missing, badly named",
    `{ arn: "${arn}", key: c2hvcnQ= }, { arn: "${arn}" }, { arn: orders, key_file: a }`,
    [
      /^kms_keys\[0\]\.key: must be 256 bits in base64/,
      /^kms_keys\[1\]\.key: give either key or key_file$/,
      /^kms_keys\[2\]\.arn: must be a key's ARN/,
    ],
  ],
  ["a file that is not there", `{ arn: "${arn}", key_file: no }`, [/key_file: cannot be read \(ENOENT\)/]],
  [
    "the ARN of the default key",
    `{ arn: "${defaultKeyArn({ region: "us-east-1", account: "123456789012" })}", key: "${material(1)}" }`,
    [/^kms_keys\[0\]\.arn: is what integrations without a key show/],
  ],
  [
    "the same twice",
    [1, 2].map((n) => `{ arn: "${arn}", aliases: [alias/x], key: "${material(n)}" }`).join(", "),
    [/^kms_keys\[1\]\.arn: is the same as kms_keys\[0\]\.arn/, /^kms_keys\[1\]\.aliases: alias\/x stands at/],
  ],
]

for (const [name, keys, expected] of mistakes)
  test(`${name} is said, without the key`, async () => {
    const loaded = await load(keys)
    assert.ok("mistakes" in loaded)
    assert.equal(loaded.mistakes.length, expected.length, loaded.mistakes.join("\n"))
    for (const [at, words] of expected.entries()) assert.match(loaded.mistakes[at] ?? "", words)
    assert.doesNotMatch(loaded.mistakes.join("\n"), /c2hvcnQ|AQEBAQ|AgICAg/)
  })
