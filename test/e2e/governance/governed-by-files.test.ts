/** Governance as code from the terminal: export, plan, apply; refusals name file and line. */
import assert from "node:assert/strict"
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { data, people, policy } from "../../governance/code/shop-files.ts"
import { temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { newPlace, type Place } from "../place.ts"

interface Scene {
  place: Place
  folder: string
  write(name: string, text: string): Promise<void>
  run(action: string, folder?: string): ReturnType<Place["run"]>
}

async function scene(t: TestContext): Promise<Scene> {
  const place = await newPlace(t, { sources: [] })
  await place.start()
  const made = await place.run("sql", "CREATE TABLE people (id int, ssn text)", "--database", "dev")
  assert.equal(made.code, 0, made.output)
  const folder = await temporaryFolder("governance")
  await mkdir(join(folder, "policies"))
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  await write("people.yaml", people)
  await write("data.yaml", data)
  await write("policies/pii.yaml", policy("hash"))
  return { place, folder, write, run: (action, at = folder) => place.run("governance", action, at) }
}

async function refused({ place, folder, write, run }: Scene): Promise<void> {
  await write("policies/pii.yaml", policy("hush"))
  for (const action of ["plan", "apply"]) {
    const answer = await run(action)
    assert.equal(answer.code, 1, answer.output)
    assert.match(answer.output, /^millrace: policies\/pii\.yaml:3: policies pii: .*\/rules\/0\/mask/)
  }
  assert.match((await run("plan", "/nowhere")).output, /cannot be read/)
  assert.equal((await place.run("governance", "fly", folder)).code, 2)
  assert.equal((await place.run("governance", "plan")).code, 2)
}

async function audited({ place }: Scene): Promise<void> {
  const { entries } = JSON.parse((await place.run("audit", "--json")).stdout) as {
    entries: { operation: string; outcome: string; before?: object; after?: object }[]
  }
  const applied = entries.filter(({ operation }) => operation === "ApplyGovernance")
  const changed = applied.find(({ before }) => JSON.stringify(before ?? {}).includes('"hash"'))
  assert.ok(JSON.stringify(changed?.after).includes('"null"'))
  assert.ok(applied.some(({ outcome }) => outcome === "validation"))
}

test("a folder of files is planned, applied, exported, and refused whole where a part is wrong", async (t) => {
  const one = await scene(t)
  const { folder, write, run } = one

  await t.test("a plan says what would change, and changes nothing", async () => {
    const planned = await run("plan")
    assert.equal(planned.code, 0, planned.output)
    assert.match(planned.stdout, /13 to change; 2 people see other rows or values\.\n$/)
    for (const line of ["+ people bim/bob", "+ policies pii", "+ tagging dev.main.people", "+ projects tax"])
      assert.ok(planned.stdout.includes(`${line}\n`), planned.stdout)
    assert.match(planned.stdout, / bim\/ada +\| dev\.main\.people +\| open -> all/)
  })

  await t.test("an apply makes it so; again it changes nothing; so says what is exported", async () => {
    const applied = await run("apply")
    assert.equal(applied.code, 0, applied.output)
    assert.match(applied.stdout, /13 changed/)
    assert.equal((await run("apply")).stdout, "nothing to change\n")
    const copy = join(folder, "..", "exported")
    assert.equal((await run("export", copy)).code, 0)
    assert.equal((await run("plan", copy)).stdout, "nothing to change\n")
    assert.deepEqual((await readdir(copy)).length, 8)
    assert.match(await readFile(join(copy, "people.yaml"), "utf8"), /account: b\.bobson/)
    assert.match((await run("export")).output, /has other YAML files/)
  })

  await t.test("a plan says for whom, column by column", async () => {
    await write("policies/pii.yaml", policy('"null"'))
    let stdout = ""
    const isSeen = async () => {
      stdout = (await run("plan")).stdout
      return / bim\/bob .*\| all +\| ssn: hash -> null/.test(stdout)
    }
    await waitUntil(isSeen, { what: "the columns of the table", intervalMs: 1_000 })
    assert.match(stdout, /^~ policies pii: document\n/)
    assert.doesNotMatch(stdout, /bim\/ada/, "who is exempt sees the same")
    assert.match((await run("apply")).stdout, /1 changed; 1 person sees/)
  })

  await t.test("what is gone from the folder goes; a kind that it does not name stays", async () => {
    await write("people.yaml", people.replace(/^ {2}- \{userid: bob.*\n/m, ""))
    assert.match((await run("plan")).stdout, /^- people bim\/bob\n/)
    await write("people.yaml", "")
    assert.equal((await run("plan")).stdout, "nothing to change\n")
    await write("people.yaml", people)
  })

  await t.test("half a folder that is wrong is refused by file and line", () => refused(one))
  await t.test("the audit trail has what was before and after", () => audited(one))
})
