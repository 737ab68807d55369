import assert from "node:assert/strict"
import { test } from "node:test"
import { Fault } from "../../domain/faults.ts"
import { bodyOf } from "./body.ts"

const request = (body: string | Uint8Array, type?: string) => ({
  method: "POST",
  path: "/integrations",
  query: "",
  headers: type === undefined ? [] : [["Content-Type", type] as const],
  body: typeof body === "string" ? Buffer.from(body) : body,
})
const read = (body: string | Uint8Array, type?: string) => bodyOf(request(body, type))

const refuses = (words: RegExp) => (error: unknown) =>
  error instanceof Fault && error.kind === "validation" && words.test(error.message)

test("JSON and YAML say the same; nothing is no body", () => {
  const expected = { type: "Redshift", autoBootstrap: true, config: { port: 5439, list: ["a", null] } }
  assert.deepEqual(read(JSON.stringify(expected)), expected)
  assert.deepEqual(read(JSON.stringify(expected), "application/json; charset=utf-8"), expected)
  const yaml = "type: Redshift\nautoBootstrap: true\nconfig:\n  port: 5439\n  list:\n    - a\n    - null\n"
  for (const type of ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml; charset=utf-8"])
    assert.deepEqual(read(yaml, type), expected)
  for (const none of ["", "  \n"]) assert.equal(read(none, "application/json"), undefined)
})

test("YAML is of the core schema of 1.2: words are not booleans, dates are texts", () => {
  const body = read("a: yes\nb: 2026-01-01\nc: 0o14\n__proto__: {d: 1}\n", "text/yaml")
  assert.deepEqual(Object.entries(body as object), [
    ["a", "yes"],
    ["b", "2026-01-01"],
    ["c", 12],
    ["__proto__", { d: 1 }],
  ])
})

const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
for (const [name, before] of ["ba", "cb", "dc", "ed"]) {
  const parts = Array.from({ length: 10 }, () => `*${before}`).join(", ")
  bomb.push(`${name}: &${name} [${parts}]`)
}

const refused: [string, string | Uint8Array, string | undefined, RegExp][] = [
  ["JSON that breaks off", '{"a": "secret', "application/json", /^The body is not JSON\. If/],
  ["a tag", "a: !!js/function x", "text/yaml", /TAG_RESOLVE_FAILED/],
  ["a tag of the sender's", "a: !point [1, 2]", "text/yaml", /TAG_RESOLVE_FAILED/],
  ["a key that stands twice", "a: 1\na: 2", "text/yaml", /DUPLICATE_KEY, line 2/],
  ["aliases that repeat and repeat", bomb.join("\n"), "text/yaml", /aliases repeat too much/],
  ["an alias of nothing", "a: *b", "text/yaml", /./],
  ["two documents", "a: 1\n---\na: 2", "text/yaml", /MULTIPLE_DOCS/],
  ["JSON of many levels", `${"[".repeat(5_000)}${"]".repeat(5_000)}`, undefined, /nested too deeply/],
  [
    "YAML of many levels",
    `${"[".repeat(20_000)}${"]".repeat(20_000)}`,
    "text/yaml",
    /RESOURCE_EXHAUSTION|nested too deeply/,
  ],
  ["bytes that are no UTF-8", new Uint8Array([0x22, 0xff, 0x22]), undefined, /not UTF-8/],
  ["a form", "a=1", "application/x-www-form-urlencoded", /not JSON/],
]
for (const [what, body, type, words] of refused)
  test(`${what} is refused, and the refusal repeats nothing of it`, () => {
    assert.throws(
      () => read(body, type),
      (error) => refuses(words)(error) && !String(error).includes("secret"),
    )
  })
