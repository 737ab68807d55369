import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { canonicalText, type DataFilter, databasesOf, type FilterForm, includesTable } from "./data-filter.ts"
import { parseDataFilter } from "./data-filter-parser.ts"
import { matchesName, type NameRegex, parseNameRegex, simulate } from "./data-filter-regex.ts"
import "../../../test/support/seed.ts"

function parsed(text: string | undefined, form: FilterForm): DataFilter {
  const result = parseDataFilter(text, form)
  return "ok" in result ? result.ok : assert.fail(result.mistakes.join(" "))
}

function mistakes(text: string | undefined, form: FilterForm): string[] {
  const result = parseDataFilter(text, form)
  return "mistakes" in result ? result.mistakes : assert.fail(`no mistake found in ${text}`)
}

/** `database.name`, or `database.schema.name`. */
function included(filter: DataFilter, place: string): boolean {
  const [database = "", second = "", third] = place.split(".")
  return third === undefined
    ? includesTable(filter, { database, schema: "any", name: second })
    : includesTable(filter, { database, schema: second, name: third })
}

describe("what a data filter includes", () => {
  const cases: [form: FilterForm, filter: string | undefined, yes: string[], no: string[]][] = [
    ["database.table", undefined, ["books.a", "x.y"], []],
    ["database.table", "include: *.*", ["books.a", "x.y"], []],
    ["database.table", "include:*.*", ["books.a"], []],
    [
      "database.table",
      "include: books.*",
      ["books.a", "books.books"],
      ["x.a", "Books.a", "book.a", "books2.a"],
    ],
    [
      "database.table",
      "include: *.*, exclude: *.mystery",
      ["books.a", "mystery.a", "x.Mystery"],
      ["x.mystery"],
    ],
    [
      "database.table",
      "include: books.stephen_king, include: books.carolyn_keene",
      ["books.stephen_king", "books.carolyn_keene"],
      ["books.other", "x.stephen_king"],
    ],
    [
      "database.table",
      "include: books.*, exclude: books./.*mystery.*/",
      ["books.a", "books.myster"],
      ["books.mystery", "books.a_mystery_b", "x.a"],
    ],
    [
      "database.table",
      "include: books.*, exclude: books./mystery.*/",
      ["books.a_mystery"],
      ["books.mystery", "books.mystery_b"],
    ],
    [
      "database.table",
      "include: books.*, exclude: books./.*mystery/",
      ["books.mystery_b"],
      ["books.mystery", "books.a_mystery"],
    ],
    [
      "database.table",
      "include: books./table_.*/, exclude: books.table_stephen_king",
      ["books.table_", "books.table_a"],
      ["books.table_stephen_king", "books.a_table_b"],
    ],
    ["database.table", "include: books.stephenking, exclude: books.*", [], ["books.stephenking", "books.a"]],
    [
      "database.table",
      "exclude: books.*, include: books.stephenking",
      ["books.stephenking"],
      ["books.a", "x.a"],
    ],
    [
      "database.table",
      "include: foodb.*, exclude: foodb.tbl, exclude: foodb./table_\\d+/",
      ["foodb.a", "foodb.table_", "foodb.table_1_old"],
      ["foodb.tbl", "foodb.table_1", "foodb.table_123"],
    ],
    [
      "database.table",
      "include: /b.*s/./[a-z]/".replace("[a-z]", "\\w\\w?"),
      ["books.a", "bs.ab"],
      ["books.abc", "book.a"],
    ],
    ["database.table", 'INCLUDE : "my books"."a, b" ,', ["my books.a, b"], ["my books.a"]],
    ["database.table", "include: my-core-db.12345", ["my-core-db.12345"], ["my-core-db.1234"]],
    ["database.table", "include: d.a$b", ["d.a$b"], ["d.ab"]],
    ["database.schema.table", "include: books.*.*", ["books.s.a"], ["x.s.a"]],
    [
      "database.schema.table",
      "include: books.*.*, exclude: books.*.mystery",
      ["books.s.a", "books.mystery.a"],
      ["books.s.mystery"],
    ],
    [
      "database.schema.table",
      "include: books.mystery.stephen_king, include: employee.finance.benefits",
      ["books.mystery.stephen_king", "employee.finance.benefits"],
      ["books.finance.benefits", "employee.mystery.stephen_king"],
    ],
    [
      "database.schema.table",
      "include: books.science_fiction.*, exclude: books.*./.*king.*/",
      ["books.science_fiction.a"],
      ["books.science_fiction.stephen_king_2", "books.other.a"],
    ],
    [
      "database.schema.table",
      "include: books.*.*, exclude: books./sci.*/.*",
      ["books.asci.a"],
      ["books.sci.a", "books.science.a"],
    ],
    [
      "database.schema.table",
      "include: books.*.*, exclude: books.mystery./.*king/",
      ["books.mystery.king_2", "books.other.king"],
      ["books.mystery.king", "books.mystery.a_king"],
    ],
    [
      "database.schema.table",
      "include: ORCL.REINVENT.MYTABLE",
      ["ORCL.REINVENT.MYTABLE"],
      ["ORCL.REINVENT.mytable"],
    ],
    ["database.schema.table", "include: my-core-db.12345.*", ["my-core-db.12345.a"], ["my-core-db.1.a"]],
  ]
  for (const [form, text, yes, no] of cases) {
    it(`${text ?? "(none)"} [${form}]`, () => {
      const filter = parsed(text, form)
      for (const place of yes) assert.ok(included(filter, place), `${place} should be in`)
      for (const place of no) assert.ok(!included(filter, place), `${place} should be out`)
      assert.deepEqual(parsed(canonicalText(filter), form), filter)
    })
  }

  it("names its databases, those of include clauses only, each once", () => {
    const filter = parsed(
      "include: b.x.*, include: a.*.*, include: b.y.z, exclude: c.*.*",
      "database.schema.table",
    )
    assert.deepEqual(databasesOf(filter), ["b", "a"])
    assert.deepEqual(databasesOf(parsed("include: *.*, include: a.*, include: /b/.*", "database.table")), [
      "a",
    ])
  })
})

describe("filters that are refused", () => {
  const several = (count: number) => Array.from({ length: count }, (_, n) => `include: a.b.t${n}`).join(",")
  const cases: [form: FilterForm, filter: string | undefined, words: RegExp][] = [
    ["database.schema.table", undefined, /must contain at least one include statement/],
    ["database.schema.table", "", /must contain at least one include statement/],
    ["database.schema.table", "exclude: a.*.*", /must contain at least one include statement/],
    ["database.table", "exclude: a.*", /must contain at least one include statement/],
    ["database.table", " , ", /starts with "include:"/],
    ["database.table", "include: a", /two parts/],
    ["database.table", "include: a.b.c", /two parts/],
    ["database.schema.table", "include: a.b", /three parts/],
    ["database.schema.table", "include: a.b.c.d", /three parts/],
    ["database.schema.table", "include: *.*.*", /database must be named outright/],
    ["database.schema.table", "include: /a.*/.*.*", /database must be named outright/],
    ["database.schema.table", "include: a.*.*, exclude: *.*.x", /database must be named outright/],
    ["database.table", "includes: a.b", /starts with "include:" or "exclude:"/],
    ["database.table", "blacklist: a.b", /starts with "include:" or "exclude:"/],
    ["database.table", "a.b", /starts with "include:" or "exclude:"/],
    ["database.table", "include a.b", /a colon must follow "include"/],
    ["database.table", "include: a./b", /closing \/ .* is missing/],
    ["database.table", "include: a./b\\/", /closing \/ .* is missing/],
    ["database.table", "include: a.//", /empty regular expression/],
    ["database.table", "include: a./*/", /nothing before \*/],
    ["database.table", "include: a./x**/", /nothing before \*/],
    ["database.table", "include: a./x\\s/", /\\s is not supported/],
    ["database.table", "include: a./$+/", /\+ after \$ repeats nothing/],
    ["database.table", "include: a.[b]", /may not contain the character "\["/],
    ["database.table", "include: a.b\n", /may not contain the character "\\n"/],
    ["database.table", "include: a.b.c = v", /may not contain the character "="/],
    ["database.table", "include: a.ü", /may not contain the character "ü"/],
    ["database.table", "include: a.b*", /\* stands for a whole name/],
    ["database.table", "include: a.*b", /\* stands for a whole name/],
    ["database.table", "include: a.", /a name, \* or .* is missing/],
    ["database.table", "include: .a", /a name, \* or .* is missing/],
    ["database.table", "include:", /a name, \* or .* is missing/],
    ["database.table", "include: a.b c", /unexpected c/],
    ["database.table", "include: a.b include: a.c", /patterns are separated by commas/],
    ["database.table", 'include: a."b', /closing " is missing/],
    ["database.table", 'include: a.""', /quoted name is empty/],
    ["database.table", "include: a.b,, include: a.c", /starts with "include:"/],
    ["database.table", `include: a.${"x".repeat(255)}`, /257 characters; at most 256/],
    ["database.schema.table", several(100), /100 patterns; at most 99/],
    ["database.table", `include: a.b,${" ".repeat(25_600)}`, /at most 25600/],
  ]
  for (const [form, text, words] of cases) {
    it(`${JSON.stringify(text ?? "(none)").slice(0, 60)} [${form}]`, () => {
      const found = mistakes(text, form)
      assert.equal(found.length, 1, found.join(" "))
      assert.match(found[0] ?? "", words)
    })
  }

  it("every mistake is told, up to five", () => {
    assert.equal(mistakes("include: a, bad: b.c, exclude: *.*.*", "database.table").length, 3)
    assert.equal(mistakes("x,".repeat(5000), "database.table").length, 5)
  })

  it("at the limits is still taken", () => {
    parsed(several(99), "database.schema.table")
    parsed(`include: a.${"x".repeat(254)}`, "database.table")
    parsed(`include: a.b${" ".repeat(25_600 - 12)}`, "database.table")
  })
})

describe("regular expressions on names", () => {
  const regex = (source: string): NameRegex => {
    const read = parseNameRegex(source)
    return "ok" in read ? read.ok : assert.fail(read.mistake)
  }

  it("agree with a backtracking engine", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      "1",
      "_",
      "-",
      ".",
      "\\d",
      "\\w",
      "\\.",
      "\\*",
      "\\$",
      "\\\\",
      "\\/",
    )
    const item = fc
      .tuple(atom, fc.constantFrom("", "", "*", "+", "?", "*?", "+?", "??"))
      .map((pair) => pair.join(""))
    const source = fc.array(
      fc.oneof({ weight: 12, arbitrary: item }, { weight: 1, arbitrary: fc.constant("$") }),
      {
        minLength: 1,
        maxLength: 6,
      },
    )
    const name = fc.string({
      unit: fc.constantFrom("a", "b", "1", "_", "-", ".", "*", "$", "\\", "/", "é", "😀"),
      maxLength: 8,
    })
    fc.assert(
      fc.property(source, name, (items, text) => {
        const expected = new RegExp(`^(?:${items.join("")})$`, "su").test(text)
        assert.equal(matchesName(regex(items.join("")), text), expected)
      }),
      { numRuns: 3_000 },
    )
  })

  it("do work bounded by name times expression, however they are nested", () => {
    const name = "a".repeat(5_000)
    for (const source of [
      ".*.*.*.*.*.*.*.*.*.*x",
      "a*a*a*a*a*a*a*a*b",
      "a+a+a+a+a+a+b",
      "a?".repeat(120) + "a".repeat(5),
    ]) {
      const compiled = regex(source)
      const { matched, steps } = simulate(compiled, name)
      assert.equal(matched, false)
      assert.ok(steps <= (name.length + 1) * (compiled.items.length + 1), `${steps} steps`)
    }
  })
})

describe("any filter", () => {
  const literal = fc.stringMatching(/^[a-z_0-9$-]{1,6}$/)
  const quoted = fc.stringMatching(/^[a-z ,.:/*"]{1,6}$/).map((name) => `"${name.replaceAll('"', '""')}"`)
  const part = fc.oneof(literal, quoted, fc.constant("*"), fc.constantFrom("/a.*/", "/\\w+,x/", "/t_\\d?/"))
  const clause = fc
    .tuple(
      fc.constantFrom("include", "EXCLUDE"),
      fc.constantFrom(":", " : "),
      fc.oneof(literal, quoted),
      part,
      part,
    )
    .map(([keyword, colon, ...parts]) => `${keyword}${colon}${parts.join(".")}`)
  const filters = fc
    .array(clause, { minLength: 1, maxLength: 8 })
    .map((clauses) => ["include:a.b.c", ...clauses].join(" ,"))

  it("means the same in its canonical spelling", () => {
    fc.assert(
      fc.property(filters, (text) => {
        const filter = parsed(text, "database.schema.table")
        assert.deepEqual(parsed(canonicalText(filter), "database.schema.table"), filter)
        assert.equal(
          canonicalText(parsed(canonicalText(filter), "database.schema.table")),
          canonicalText(filter),
        )
      }),
    )
  })

  it("follows the last clause that matches", () => {
    fc.assert(
      fc.property(filters, literal, (text, name) => {
        const filter = parsed(text, "database.schema.table")
        const place = { database: "a", schema: "b", name }
        const verdict = (last: "include" | "exclude") =>
          includesTable(parsed(`${text}, ${last}: a.*.*`, "database.schema.table"), place)
        assert.equal(verdict("include"), true)
        assert.equal(verdict("exclude"), false)
        assert.equal(includesTable({ ...filter, clauses: [] }, place), false)
      }),
    )
  })

  it("or any text at all is read or refused with at least one mistake", () => {
    const text = fc.string({ unit: fc.constantFrom(...'abinclude: .,*/\\"$+?d-'), maxLength: 60 })
    fc.assert(
      fc.property(
        fc.oneof(text, fc.string()),
        fc.constantFrom<FilterForm[]>("database.table", "database.schema.table"),
        (any, form) => {
          const result = parseDataFilter(any, form)
          if ("mistakes" in result) assert.ok(result.mistakes.length > 0)
          else assert.deepEqual(parsed(canonicalText(result.ok), form), result.ok)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
