import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { mappingLibraries } from "./libraries.ts"
import type { SourceObject } from "./source-path.ts"
import { readTemplate, TemplateError } from "./template.ts"

const { handlebars } = await mappingLibraries()

function run(template: string, source: SourceObject = {}): string {
  return readTemplate(handlebars, template)(source)
}

describe("templates of fields", () => {
  test("have values, constants, conditions and lists", () => {
    assert.equal(run("{{_source.a}} {{_source.b.c}}", { a: "x", b: { c: 1 } }), "x 1")
    assert.equal(run("constant{{! nothing }}"), "constant")
    assert.equal(run("{{#if _source.a}}yes{{else}}no{{/if}}", { a: "" }), "no")
    assert.equal(run("{{#unless _source.a}}none{{/unless}}"), "none")
    assert.equal(
      run("{{#each _source.l}}{{@index}}{{n}}{{#unless @last}},{{/unless}}{{/each}}", {
        l: [{ n: "a" }, { n: "b" }],
      }),
      "0a,1b",
    )
    assert.equal(run("{{#each _source.l as |one|}}{{one}};{{/each}}", { l: ["a", "b"] }), "a;b;")
    assert.equal(run("{{#with _source.a}}{{b}}{{/with}}", { a: { b: "c" } }), "c")
    assert.equal(run("{{lookup _source.l 1}}", { l: ["a", "b"] }), "b")
  })

  test("give values as they are, and nothing for what is not there", () => {
    assert.equal(run("{{_source.a}}", { a: "<&\"'>" }), "<&\"'>")
    assert.equal(run("[{{_source.none.deeper}}]"), "[]")
  })

  for (const hostile of [
    "{{> other}}",
    "{{#*inline 'a'}}x{{/inline}}",
    "{{log _source.a}}",
    "{{#helperMissing}}x{{/helperMissing}}",
    "{{#_source.l}}x{{/_source.l}}",
    "{{#each _source.l _source.m}}x{{/each}}",
    "{{_source.a b=1}}",
    "{{(lookup _source 'a') 1}}",
    "{{#if (eval 'x')}}x{{/if}}",
    "{{",
    "{{#if _source.a}}",
    "x".repeat(5_000),
    "{{#if a}}".repeat(9) + "{{/if}}".repeat(9),
  ])
    test(`are refused: ${hostile.slice(0, 40)}`, () => {
      assert.throws(() => readTemplate(handlebars, hostile), TemplateError)
    })

  test("reach nothing of a prototype", () => {
    for (const path of [
      "constructor",
      "__proto__",
      "toString",
      "__defineGetter__",
      "constructor.constructor",
    ]) {
      assert.equal(run(`{{_source.${path}}}`, { a: 1 }), "")
      assert.equal(run(`{{lookup _source "${path}"}}`, { a: 1 }), "")
      assert.equal(run(`{{#with _source.${path}}}x{{/with}}`, { a: 1 }), "")
    }
    assert.equal(run("{{this.constructor.name}}{{@root.constructor}}{{../constructor}}"), "")
  })

  test("end soon, whatever the object", () => {
    const list = Array.from({ length: 2_000 }, (_, at) => at)
    const nested =
      "{{#each _source.l}}{{#each @root._source.l}}{{#each @root._source.l}}{{/each}}{{/each}}{{/each}}"
    assert.throws(() => run(nested, { l: list }), /more than 10000 turns/)
    assert.throws(
      () => run("{{#each _source.l}}{{@root._source.t}}{{/each}}", { l: list, t: "x".repeat(200) }),
      /16384/,
    )
    const deep = JSON.parse("[".repeat(50_000) + "]".repeat(50_000)) as SourceObject[string]
    assert.throws(() => run("{{_source.d}}", { d: deep }), TemplateError)
    assert.throws(() => run("{{_source.o}}", { o: { toString: 1, valueOf: 1 } }), TemplateError)
  })
})
