import assert from "node:assert/strict"
import { test } from "node:test"
import { missing, versionIn } from "./server.ts"

test("Java says its version in two ways", () => {
  assert.equal(versionIn('openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime'), 17)
  assert.equal(versionIn('java version "1.8.0_292"'), 8)
  assert.equal(versionIn('openjdk version "24" 2025-03-18'), 24)
  assert.equal(versionIn("No Java runtime present, requesting install."), undefined)
})

test("a machine without Java is told what to install", async (t) => {
  const path = process.env.PATH
  t.after(() => {
    process.env.PATH = path
  })
  process.env.PATH = "/nowhere"
  assert.match((await missing()) ?? "", /needs Java 17 or newer .* there is none: apt-get install \S+$/)
})
