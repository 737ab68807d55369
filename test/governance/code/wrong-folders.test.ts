/** Folders that are wrong in a part are refused by file and line, and nothing of them is kept; whole ones are what was exported. */
import assert from "node:assert/strict"
import { before, describe, test } from "node:test"
import { CodeProblem } from "../../../src/control-plane/governance/code/code-folder.ts"
import {
  applyFolder,
  exportedFolder,
  planFolder,
} from "../../../src/control-plane/governance/code/govern-by-code.ts"
import { Fault } from "../../../src/domain/faults.ts"
import { readFolder } from "../../../src/front-doors/operations/governance-code/read-folder.ts"
import { writtenFolder } from "../../../src/front-doors/operations/governance-code/write-folder.ts"
import { storeForTests } from "../../state/integration-fixture.ts"
import { data, people, policy } from "./shop-files.ts"

const files = { "people.yaml": people, "data.yaml": data, "policies/pii.yaml": policy("hash") }
const caller = { name: "test", permissions: ["GOVERNANCE"] }

const wrong: [string, string, RegExp][] = [
  ["people.yaml", `${people}  - {name: "", members: []}\n`, /people\.yaml:7: groups\.1\.name /],
  [
    "people.yaml",
    people.replace("[ada]", "[ada, nobody]"),
    /people\.yaml:6: groups bim\/hr: there is no user bim\/nobody/,
  ],
  ["people.yaml", people.replace("B.Bobson", "ADA"), /people\.yaml:[34]: people bim\/\w+: its account/],
  [
    "people.yaml",
    people.replace("GOVERNANCE", "ROOT"),
    /people\.yaml:4: people bim\/bob: there is no permission ROOT/,
  ],
  [
    "people.yaml",
    "people: [{userid: a}, {userid: a}]",
    /people\.yaml:1: people bim\/a stands at people\.yaml:1 already/,
  ],
  ["people.yaml", "people: [", /people\.yaml:1: this is not YAML/],
  ["people.yaml", "peeple: []", /people\.yaml:1: .*peeple/],
  [
    "data.yaml",
    data.replace("Audit.Tax], d", "Nothing], d"),
    /data\.yaml:11: projects tax: there is no purpose Nothing/,
  ],
  ["policies/pii.yaml", policy("hush"), /policies\/pii\.yaml:3: policies pii: .*\/rules\/0\/mask/],
]

describe("folders of files", () => {
  const state = storeForTests()
  const plane = () => ({ ...state.store, enforcement: { enforces: () => true, isAnywhere: true } })
  const readWith = (more: Record<string, string>) =>
    readFolder(Object.entries({ ...files, ...more }).map(([name, text]) => ({ name, text })))

  async function refusalOf(more: Record<string, string>, work: typeof applyFolder): Promise<string> {
    try {
      const read = readWith(more)
      await work(plane(), caller, read.folder).catch((error: unknown) => {
        throw error instanceof CodeProblem ? new Fault("validation", read.told(error)) : error
      })
    } catch (error) {
      if (error instanceof Fault) return error.message
      throw error
    }
    return "taken"
  }

  before(async () => {
    assert.equal((await applyFolder(plane(), caller, readWith({}).folder)).changes.length, 13)
  })

  for (const [name, text, message] of wrong)
    test(`${name} is refused: ${message.source.replaceAll("\\", "")}`, async () => {
      const before = await state.store.governance.facts()
      for (const work of [planFolder, applyFolder])
        assert.match(await refusalOf({ [name]: text }, work), message)
      const { version: _version, ...facts } = await state.store.governance.facts()
      const { version: _before, ...then } = before
      assert.deepEqual(facts, then)
    })

  test("what is exported is the folder that was applied, and changes nothing", async () => {
    const { folder } = readFolder(writtenFolder(await exportedFolder(plane())))
    assert.deepEqual((await planFolder(plane(), caller, folder)).changes, [])
    assert.deepEqual((await planFolder(plane(), caller, readWith({}).folder)).changes, [])
  })

  test("people who are gone from the folder go, and kinds that it does not name stay", async () => {
    const { folder } = readWith({ "people.yaml": "people: []" })
    const { changes } = await planFolder(plane(), caller, folder)
    assert.deepEqual(
      changes.map(({ action, key }) => `${action} ${key}`),
      ["delete bim/bob", "delete bim/ada"],
    )
  })
})
