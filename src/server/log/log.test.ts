import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { test } from "node:test"

const program = `
  import { newLog } from ${JSON.stringify(new URL("./log.ts", import.meta.url).href)}
  const cause = Object.assign(new Error("the cause"), { query: "SELECT hidden" })
  const error = Object.assign(new Error("the words", { cause }), {
    code: "23505",
    detail: "Key (name)=(hidden) already exists.",
    client: { password: "hidden" },
  })
  newLog({ level: "info" }).error({ err: error, url: "postgres://hidden@x" }, "it failed")
`

const hostileProgram = `
  import { newLog } from ${JSON.stringify(new URL("./log.ts", import.meta.url).href)}
  const text = "a\\u001b[2J\\nb\\u009b\\u202e\\u2028"
  const error = new Error(text, { cause: new Error(text) })
  newLog({ level: "info" }).warn({ table: text, list: [{ [text]: text }], long: "x".repeat(1e6), err: error }, text)
`

test("names and messages of others do nothing where the log is read, and are not endless", () => {
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", hostileProgram], {
    encoding: "utf8",
  })
  const line = stderr.slice(stderr.indexOf("{"))
  assert.match(line, /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]*\n$/u)
  const shown = "a\\u{1b}[2J\\nb\\u{9b}\\u{202e}\\u{2028}"
  const { table, list, long, err, msg } = JSON.parse(line)
  assert.deepEqual(
    [table, list, msg, err.message, err.cause],
    [shown, [{ [shown]: shown }], shown, shown, [shown]],
  )
  assert.equal(long.length, 4_001)
})

test("of an error its words, place and causes are logged, not what drivers hang on it", () => {
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
  assert.doesNotMatch(stderr, /hidden/)
  const { err, msg, level, time } = JSON.parse(stderr.slice(stderr.indexOf("{")))
  assert.deepEqual([level, msg], ["error", "it failed"])
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual([err.message, err.code, err.cause], ["the words", "23505", ["the cause"]])
  assert.match(err.stack, /Error: the words/)
})
