/** A name that others chose must not find what every JavaScript object has. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { ownValue } from "../../src/domain/own-value.ts"
import { filesOf } from "./source-files.ts"

/** Tables that are looked up by names of our own only, by file and constant, with the reason. */
const ours: Record<string, string> = {
  "src/domain/text-forms/plain-text.ts named": "one character",
  "src/sources/mysql/types/json-binary.ts escapes": "one character",
  "src/domain/text-forms/size.ts units": "the expression before has matched the unit",
  "src/domain/text-forms/duration.ts units": "the expression before has matched the unit",
  "src/query/duckdb/session/settings.ts units": "the expression before has matched the unit",
  "src/query/duckdb/session/settings.ts changed": "names of our settings",
  "src/query/text/tokens.ts escaped": "one character",
  "src/query/text/string-values.ts escapes": "one character",
  "src/query/duckdb/portals/copy-portal.ts escapes": "one character",
  "src/sources/mysql/types/labels.ts escaped": "one character",
  "src/wire/aws-query/xml.ts named": "the expression before has matched the character",
  "src/query/duckdb/session/statement-kinds.ts expected": "verbs of ours",
  "src/query/duckdb/catalog/functions.ts constants": "its own keys",
  "src/front-doors/sql/copy/options.ts readings": "its own keys",
  "src/front-doors/sql/copy/options.ts named": "a text that begins with a backslash, or one character",
  "src/sources/dynamodb/values/attribute-names.ts copy": "it has no prototype",
  "src/sources/mysql/types/fields.ts blobLengths": "the expression before has matched the size",
  "src/sources/mysql/types/types.ts others": "types of the server",
}

/** `const name: Record<string, …>`, and places where one is read by an expression. */
const declared = /\bconst (\w+): (?:Readonly<)?Record<string,/g

test("tables are asked for names of others by ownValue, or are Maps", async () => {
  const found: string[] = []
  const files = await filesOf("src/**/*.ts")
  assert.ok(files.length > 300)
  for (const { path, text } of files) {
    if (path.endsWith(".test.ts")) continue
    for (const [, name = ""] of text.matchAll(declared)) {
      const place = `${path} ${name}`
      if (ownValue(ours, place) !== undefined || text.includes(`Object.hasOwn(${name},`)) continue
      if (new RegExp(`(?<![.\\w])${name}\\[(?!["'\`\\d])`).test(text)) found.push(place)
    }
  }
  assert.deepEqual(found, [])
})

test("ownValue finds what was put there, and nothing else", () => {
  const table = JSON.parse('{"a":1,"__proto__":2}') as Record<string, number>
  assert.deepEqual(
    ["a", "__proto__", "constructor", "toString", "hasOwnProperty", "b"].map((name) => ownValue(table, name)),
    [1, 2, undefined, undefined, undefined, undefined],
  )
})
