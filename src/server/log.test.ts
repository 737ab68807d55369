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

test("of an error its words, place and causes are logged, not what drivers hang on it", () => {
  const { stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
  assert.doesNotMatch(stderr, /hidden/)
  const { err, msg } = JSON.parse(stderr.slice(stderr.indexOf("{")))
  assert.equal(msg, "it failed")
  assert.deepEqual([err.message, err.code, err.cause], ["the words", "23505", ["the cause"]])
  assert.match(err.stack, /Error: the words/)
})
