import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { commands } from "../../src/cli/commands.ts"
import { flags } from "../../src/cli/flags.ts"
import { usage, usageOf } from "../../src/cli/usage.ts"

describe("the usage", () => {
  it("names every command", () => {
    const names = [...usage().matchAll(/^ {2}([a-z-]+) {2,}\S/gm)].map(([, name]) => name)
    assert.deepEqual(names, Object.keys(commands))
  })

  for (const [name, command] of Object.entries(commands))
    it(`of ${name} has each of its options, in a usage and with a word about it`, () => {
      const text = usageOf(name, command)
      assert.ok(text.startsWith(`usage: millrace ${name} `), text)
      const [usages = "", , ...rest] = text.split("\n\n")
      for (const flag of command.flags) {
        if (flag !== "isolated") assert.match(usages, new RegExp(`--${flag}\\b`))
        assert.match(rest.join("\n"), new RegExp(`^ {2}--${flag}\\b.* {2}\\S`, "m"))
      }
    })

  it("every option belongs to a command", () => {
    const used = new Set(Object.values(commands).flatMap((one) => one.flags))
    const idle = Object.keys(flags).filter((flag) => !used.has(flag as never))
    assert.deepEqual(idle, ["version", "help"])
  })
})
