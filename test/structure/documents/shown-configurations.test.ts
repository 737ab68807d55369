/** Every millrace.yaml that documents show is accepted: each key there is, each value in a form that is taken. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { parse } from "yaml"
import { loadConfiguration } from "../../../src/configuration/load.ts"
import { configurationFormat } from "../../../src/configuration/schema.ts"
import { engines } from "../../../src/server/registries.ts"
import { filesOf, type SourceFile } from "../source-files.ts"
import { codeBlocksOf } from "./markdown.ts"

const folder = mkdtempSync(join(tmpdir(), "millrace-shown-"))
after(() => rmSync(folder, { recursive: true }))

/** A password, a key, a secret of 16 characters or more. */
const keyOf256Bits = Buffer.alloc(32, 1).toString("base64")

/** Put in where a page leaves a part out with `…`. */
const leftOut: [RegExp, string][] = [
  [
    /"?arn:aws:(rds|dynamodb|s3|redshift-serverless):…[^\s,"]*"?/g,
    '"arn:aws:rds:us-east-1:123456789012:db:shown"',
  ],
  [/"?(postgres|mysql):\/\/…[^\s,"]*"?/g, '"$1://user:password@db.example/shop"'],
  [/(?:\bAKID)?…/g, "AKIDEXAMPLE012345678"],
  [/\$\{[^}]*\}/g, keyOf256Bits],
]

/** A part of a file needs these beside it. */
const usual = {
  sources: [],
  warehouses: [
    { arn: "arn:aws:redshift-serverless:us-east-1:123456789012:namespace/shown", engine: "duckdb" },
  ],
}

/** What `millrace config check` would say of a block; nothing of one that is no configuration. */
function mistakesOf(block: string): string[] {
  const whole = leftOut.reduce((text, [form, instead]) => text.replace(form, instead), block)
  const document = parse(whole) as Record<string, unknown> | null
  const path = join(folder, "millrace.yaml")
  writeFileSync(path, JSON.stringify({ ...usual, ...document }))
  const loaded = loadConfiguration(path, {}, engines)
  return "mistakes" in loaded ? loaded.mistakes : []
}

const keys = Object.keys(configurationFormat(engines).file.shape)

/** Without the indentation that all lines share. */
function dedented(lines: readonly string[]): string {
  const depth = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)))
  return lines.map((line) => line.slice(depth)).join("\n")
}

/** Others are part of an entry, or a file of another program. */
function isConfiguration(block: string): boolean {
  return [...block.matchAll(/^([a-z_]+):/gm)].some(([, key = ""]) => keys.includes(key))
}

function wrongIn({ path, text }: SourceFile): string[] {
  return codeBlocksOf(text)
    .filter(({ language }) => /^ya?ml$/.test(language))
    .map(({ line, lines }) => ({ line, block: dedented(lines) }))
    .filter(({ block }) => isConfiguration(block))
    .flatMap(({ line, block }) => mistakesOf(block).map((one) => `${path}:${line}: ${one}`))
}

test("each configuration that documents show is accepted", async () => {
  const pages = await filesOf("{*.md,docs/**/*.md}")
  assert.deepEqual(pages.flatMap(wrongIn), [])
})

test("a key and a value that are not taken are found", () => {
  assert.deepEqual(mistakesOf("verify: { every: 24h }"), [])
  for (const bad of ["verfy: { every: 24h }", "verify: { every: daily }", "sources: [{ engine: oracle }]"])
    assert.ok(mistakesOf(bad).length > 0, bad)
})
