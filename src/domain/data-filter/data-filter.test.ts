import assert from "node:assert/strict"
import { describe, it } from "node:test"
import fc from "fast-check"
import { canonicalText, type DataFilter, databasesOf, type FilterForm, includesTable } from "./data-filter.ts"
import { parseDataFilter } from "./data-filter-parser.ts"
import { matchesName, type NameRegex, parseNameRegex, simulate } from "./data-filter-regex.ts"

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
    ["mysql", undefined, ["books.a", "x.y"], []],
    ["mysql", "include: *.*", ["books.a", "x.y"], []],
    ["mysql", "include:*.*", ["books.a"], []],
    ["mysql", "include: books.*", ["books.a", "books.books"], ["x.a", "Books.a", "book.a", "books2.a"]],
    ["mysql", "include: *.*, exclude: *.mystery", ["books.a", "mystery.a", "x.Mystery"], ["x.mystery"]],
    [
      "mysql",
      "include: books.stephen_king, include: books.carolyn_keene",
      ["books.stephen_king", "books.carolyn_keene"],
      ["books.other", "x.stephen_king"],
    ],
    [
      "mysql",
      "include: books.*, exclude: books./.*mystery.*/",
      ["books.a", "books.myster"],
      ["books.mystery", "books.a_mystery_b", "x.a"],
    ],
    [
      "mysql",
      "include: books.*, exclude: books./mystery.*/",
      ["books.a_mystery"],
      ["books.mystery", "books.mystery_b"],
    ],
    [
      "mysql",
      "include: books.*, exclude: books./.*mystery/",
      ["books.mystery_b"],
      ["books.mystery", "books.a_mystery"],
    ],
    [
      "mysql",
      "include: books./table_.*/, exclude: books.table_stephen_king",
      ["books.table_", "books.table_a"],
      ["books.table_stephen_king", "books.a_table_b"],
    ],
    ["mysql", "include: books.stephenking, exclude: books.*", [], ["books.stephenking", "books.a"]],
    ["mysql", "exclude: books.*, include: books.stephenking", ["books.stephenking"], ["books.a", "x.a"]],
    [
      "mysql",
      "include: foodb.*, exclude: foodb.tbl, exclude: foodb./table_\\d+/",
      ["foodb.a", "foodb.table_", "foodb.table_1_old"],
      ["foodb.tbl", "foodb.table_1", "foodb.table_123"],
    ],
    [
      "mysql",
      "include: /b.*s/./[a-z]/".replace("[a-z]", "\\w\\w?"),
      ["books.a", "bs.ab"],
      ["books.abc", "book.a"],
    ],
    ["mysql", 'INCLUDE : "my books"."a, b" ,', ["my books.a, b"], ["my books.a"]],
    ["mysql", "include: my-core-db.12345", ["my-core-db.12345"], ["my-core-db.1234"]],
    ["mysql", "include: d.a$b", ["d.a$b"], ["d.ab"]],
    ["postgres", "include: books.*.*", ["books.s.a"], ["x.s.a"]],
    [
      "postgres",
      "include: books.*.*, exclude: books.*.mystery",
      ["books.s.a", "books.mystery.a"],
      ["books.s.mystery"],
    ],
    [
      "postgres",
      "include: books.mystery.stephen_king, include: employee.finance.benefits",
      ["books.mystery.stephen_king", "employee.finance.benefits"],
      ["books.finance.benefits", "employee.mystery.stephen_king"],
    ],
    [
      "postgres",
      "include: books.science_fiction.*, exclude: books.*./.*king.*/",
      ["books.science_fiction.a"],
      ["books.science_fiction.stephen_king_2", "books.other.a"],
    ],
    [
      "postgres",
      "include: books.*.*, exclude: books./sci.*/.*",
      ["books.asci.a"],
      ["books.sci.a", "books.science.a"],
    ],
    [
      "postgres",
      "include: books.*.*, exclude: books.mystery./.*king/",
      ["books.mystery.king_2", "books.other.king"],
      ["books.mystery.king", "books.mystery.a_king"],
    ],
    ["postgres", "include: ORCL.REINVENT.MYTABLE", ["ORCL.REINVENT.MYTABLE"], ["ORCL.REINVENT.mytable"]],
    ["postgres", "include: my-core-db.12345.*", ["my-core-db.12345.a"], ["my-core-db.1.a"]],
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
    const filter = parsed("include: b.x.*, include: a.*.*, include: b.y.z, exclude: c.*.*", "postgres")
    assert.deepEqual(databasesOf(filter), ["b", "a"])
    assert.deepEqual(databasesOf(parsed("include: *.*, include: a.*, include: /b/.*", "mysql")), ["a"])
  })
})

describe("filters that are refused", () => {
  const several = (count: number) => Array.from({ length: count }, (_, n) => `include: a.b.t${n}`).join(",")
  const cases: [form: FilterForm, filter: string | undefined, words: RegExp][] = [
    ["postgres", undefined, /must contain at least one include statement/],
    ["postgres", "", /must contain at least one include statement/],
    ["postgres", "exclude: a.*.*", /must contain at least one include statement/],
    ["mysql", "exclude: a.*", /must contain at least one include statement/],
    ["mysql", " , ", /starts with "include:"/],
    ["mysql", "include: a", /two parts/],
    ["mysql", "include: a.b.c", /two parts/],
    ["postgres", "include: a.b", /three parts/],
    ["postgres", "include: a.b.c.d", /three parts/],
    ["postgres", "include: *.*.*", /database must be named outright/],
    ["postgres", "include: /a.*/.*.*", /database must be named outright/],
    ["postgres", "include: a.*.*, exclude: *.*.x", /database must be named outright/],
    ["mysql", "includes: a.b", /starts with "include:" or "exclude:"/],
    ["mysql", "blacklist: a.b", /starts with "include:" or "exclude:"/],
    ["mysql", "a.b", /starts with "include:" or "exclude:"/],
    ["mysql", "include a.b", /a colon must follow "include"/],
    ["mysql", "include: a./b", /closing \/ .* is missing/],
    ["mysql", "include: a./b\\/", /closing \/ .* is missing/],
    ["mysql", "include: a.//", /empty regular expression/],
    ["mysql", "include: a./*/", /nothing before \*/],
    ["mysql", "include: a./x**/", /nothing before \*/],
    ["mysql", "include: a./x\\s/", /\\s is not supported/],
    ["mysql", "include: a./$+/", /\+ after \$ repeats nothing/],
    ["mysql", "include: a.[b]", /may not contain the character "\["/],
    ["mysql", "include: a.b\n", /may not contain the character "\\n"/],
    ["mysql", "include: a.b.c = v", /may not contain the character "="/],
    ["mysql", "include: a.ü", /may not contain the character "ü"/],
    ["mysql", "include: a.b*", /\* stands for a whole name/],
    ["mysql", "include: a.*b", /\* stands for a whole name/],
    ["mysql", "include: a.", /a name, \* or .* is missing/],
    ["mysql", "include: .a", /a name, \* or .* is missing/],
    ["mysql", "include:", /a name, \* or .* is missing/],
    ["mysql", "include: a.b c", /unexpected c/],
    ["mysql", "include: a.b include: a.c", /patterns are separated by commas/],
    ["mysql", 'include: a."b', /closing " is missing/],
    ["mysql", 'include: a.""', /quoted name is empty/],
    ["mysql", "include: a.b,, include: a.c", /starts with "include:"/],
    ["mysql", `include: a.${"x".repeat(255)}`, /257 characters; at most 256/],
    ["postgres", several(100), /100 patterns; at most 99/],
    ["mysql", `include: a.b,${" ".repeat(25_600)}`, /at most 25600/],
  ]
  for (const [form, text, words] of cases) {
    it(`${JSON.stringify(text ?? "(none)").slice(0, 60)} [${form}]`, () => {
      const found = mistakes(text, form)
      assert.equal(found.length, 1, found.join(" "))
      assert.match(found[0] ?? "", words)
    })
  }

  it("every mistake is told, up to five", () => {
    assert.equal(mistakes("include: a, bad: b.c, exclude: *.*.*", "mysql").length, 3)
    assert.equal(mistakes("x,".repeat(5000), "mysql").length, 5)
  })

  it("at the limits is still taken", () => {
    parsed(several(99), "postgres")
    parsed(`include: a.${"x".repeat(254)}`, "mysql")
    parsed(`include: a.b${" ".repeat(25_600 - 12)}`, "mysql")
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
        const filter = parsed(text, "postgres")
        assert.deepEqual(parsed(canonicalText(filter), "postgres"), filter)
        assert.equal(canonicalText(parsed(canonicalText(filter), "postgres")), canonicalText(filter))
      }),
    )
  })

  it("follows the last clause that matches", () => {
    fc.assert(
      fc.property(filters, literal, (text, name) => {
        const filter = parsed(text, "postgres")
        const place = { database: "a", schema: "b", name }
        const verdict = (last: "include" | "exclude") =>
          includesTable(parsed(`${text}, ${last}: a.*.*`, "postgres"), place)
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
        fc.constantFrom<FilterForm[]>("mysql", "postgres"),
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
