/** What the message of a bounded function begins with: the rest is said to the client as 54000. */
export const limitMark = "beyond a limit: "

/**
 * What one call may make or look through for one row. The engine works on 2,048 rows at a time and cannot be stopped
 * in between, so 2,048 times the work of one row is what the slowest cancel waits for.
 */
export const valueLimits = {
  /** Characters that one call makes: the longest text of the cloud. */
  madeCharacters: 65_535,
  /** The same when all arguments stand in the statement: it is made once. */
  madeOfLiterals: 1_000_000,
  /** Characters that replacing makes. */
  replacedCharacters: 1_048_560,
  /** Elements of a list that one call makes for each row. */
  elements: 10_000,
  /** The same when all arguments stand in the statement or are parameters. */
  elementsOfLiterals: 100_000,
  /** Elements of a list whose texts are put together one after the other: it takes the square. */
  joinedElements: 200,
  /** Entries of a map that is put together with another one: the product of both. */
  mergedEntries: 1000,
  /** Texts whose distance is looked for: it takes the product of their lengths. */
  comparedBytes: 1000,
  comparedBytesInLambda: 30,
  /** What is looked for in a text, and patterns that are not part of the statement. */
  needleCharacters: 1000,
  /** A text in which one pattern is found again and again, where that takes the square of its length. */
  searchedCharacters: 2048,
  /** What a pattern may weigh to be looked for in texts of any length; see `patternWeight`. */
  freePatternWeight: 100,
  /** The weight of a heavier one, times the length of the text. */
  patternWork: 2_000_000,
  /** Bins of a histogram: each group has all of them. */
  bins: 1000,
  /** Arrays and objects of a JSON value whose reader recurses on the native stack. */
  jsonContainers: 1000,
}

const fail = (name: string, what: string) => `error('${limitMark}${name}: ${what.replaceAll("'", "''")}')`
const {
  madeCharacters,
  replacedCharacters,
  elements,
  comparedBytes,
  comparedBytesInLambda,
  joinedElements,
  mergedEntries,
  elementsOfLiterals,
  needleCharacters,
  searchedCharacters,
  jsonContainers,
  freePatternWeight,
  patternWork,
} = valueLimits

const longResult = (name: string) => fail(name, `more than ${madeCharacters} characters`)
const longList = (name: string, atMost: number) => fail(name, `more than ${atMost} elements`)

function padding(name: string): string {
  return `(s, n, p) AS CASE WHEN n > ${madeCharacters} THEN ${longResult(name)} ELSE ${name}(s, n, p) END`
}

function series(name: string, atMost: number): string {
  const long = (count: string) => `CASE WHEN ${count} > ${atMost} THEN ${longList(name, atMost)}`
  return [
    `(b) AS ${long("b::DOUBLE")} ELSE ${name}(b) END`,
    `(a, b) AS ${long("b::DOUBLE - a::DOUBLE")} ELSE ${name}(a, b) END`,
    `(a, b, c) AS ${long("(b::DOUBLE - a::DOUBLE) / c::DOUBLE")} ELSE ${name}(a, b, c) END`,
  ].join(", ")
}

function timeSeries(name: string, atMost: number): string {
  const count = "abs(epoch(b::TIMESTAMP) - epoch(a::TIMESTAMP)) / greatest(abs(epoch(c)), 0.000001)"
  return `(a, b, c) AS CASE WHEN ${count} > ${atMost} THEN ${longList(name, atMost)} ELSE ${name}(a, b, c) END`
}

function resizing(atMost: number): string {
  return ["", ", v"]
    .map(
      (more) =>
        `(l, n${more}) AS CASE WHEN n > ${atMost} THEN ${longList("list_resize", atMost)} ELSE list_resize(l, n${more}) END`,
    )
    .join(", ")
}

function distance(name: string, more = "", atMost = comparedBytes): string {
  const isLong = `strlen(a) > ${atMost} OR strlen(b) > ${atMost}`
  const error = fail(name, `texts of more than ${atMost} bytes`)
  return `(a, b${more}) AS CASE WHEN ${isLong} THEN ${error} ELSE ${name}(a, b${more}) END`
}

const distances: Record<string, string[]> = {
  levenshtein: [""],
  damerau_levenshtein: [""],
  jaccard: [""],
  jaro_similarity: ["", ", c"],
  jaro_winkler_similarity: ["", ", c"],
}

/** Once for a row, once for each element of a list. */
const distanceForms: Record<string, string> = Object.fromEntries(
  Object.entries(distances).flatMap(([name, forms]) => [
    [name, forms.map((more) => distance(name, more)).join(", ")],
    [`${name}_of_elements`, forms.map((more) => distance(name, more, comparedBytesInLambda)).join(", ")],
  ]),
)

const longNeedle = (name: string, needle: string) =>
  `CASE WHEN length(${needle}::VARCHAR) > ${needleCharacters} THEN ${fail(name, `looks for more than ${needleCharacters} characters`)}`

const search = (name: string) => `(a, b) AS ${longNeedle(name, "b")} ELSE ${name}(a, b) END`

const grows = (name: string, s: string, by: string) =>
  `WHEN ${by} > ${replacedCharacters} THEN ${fail(name, `may make more than ${replacedCharacters} characters of ${s}`)}`

/** Without alternatives and groups every search ends with its match; see `isLinearSearch`. */
const mayLookFar = "(contains(p, '|') OR contains(p, '('))"

function repeatedSearch(name: string): string {
  const long = `CASE WHEN length(s) > ${searchedCharacters} AND ${mayLookFar} THEN ${fail(name, `texts of more than ${searchedCharacters} characters with this pattern`)}`
  return ["", ", a", ", a, c"]
    .map((more) => `(s, p${more}) AS ${long} ELSE ${name}(s, p${more}) END`)
    .join(", ")
}

const replacedByPattern = (checks: string) =>
  ["", ", o"]
    .map((more) => `(s, p, r${more}) AS CASE ${checks} ELSE regexp_replace(s, p, r${more}) END`)
    .join(", ")
const growsByPattern = grows("regexp_replace", "one text", "(length(s) + 1) * length(r)")
const longByPattern = `WHEN length(s) > ${searchedCharacters} AND ${mayLookFar} THEN ${fail("regexp_replace", `texts of more than ${searchedCharacters} characters with this pattern`)}`

const heavyPattern = fail(
  "pattern",
  `more than ${patternWork} characters of a text times states of a pattern`,
)

/** At most what `patternWeight` says of a pattern that stands in the statement. */
const patternWeightForm = String.raw`(p) AS length(p) * CASE WHEN contains(p, '\p') OR contains(p, '\P') THEN 40 ELSE 1 END
  * least(1000, coalesce(list_product(list_transform(regexp_extract_all(p, '[{,]([0-9]{1,4})', 1), lambda n: greatest(n::INTEGER, 1))), 1))`

/** A computed pattern may be another for each row, and each class of Unicode takes part of a millisecond to be read. */
const computedUnicodeWeight = 4000

const textFor = `(s, p) AS CASE WHEN length(p) > ${needleCharacters} THEN ${fail("pattern", `more than ${needleCharacters} characters that are computed`)}
  WHEN (contains(p, '\\p') OR contains(p, '\\P')) AND memory.redshift.bounded_pattern_weight(p) > ${computedUnicodeWeight} THEN ${heavyPattern}
  WHEN length(s) * greatest(memory.redshift.bounded_pattern_weight(p) - ${freePatternWeight}, 0) > ${patternWork} THEN ${heavyPattern} ELSE s END`

const textUpTo = `(s, n) AS CASE WHEN length(s) > n THEN error('${limitMark}pattern: more than ' || n || ' characters with this pattern') ELSE s END`

/** A LIKE pattern as a regular expression, which the engine matches in linear time. */
const likeAsExpression = String.raw`(p) AS '(?s)' || replace(replace(regexp_replace(p, '([\\.+*?()|{}\[\]^$])', '\\\1', 'g'), '%', '.*'), '_', '.')`

/** The same where a backslash takes the meaning from the character behind it. */
const likeWithEscapes = String.raw`(p) AS replace(replace(replace(memory.redshift.bounded_like_expression(regexp_replace(replace(replace(replace(p,
  '\\', chr(1)), '\%', chr(2)), '\_', chr(3)), '\\(.)', '\1', 'g')), chr(1), '\\'), chr(2), '%'), chr(3), '_')`

/** One `%` that is not at the end takes linear time. */
const isCheapLike = `length(p) <= ${needleCharacters} AND NOT regexp_matches(p, '(?s)%.*%.')`

const isHeavyLike = `length(p) > ${freePatternWeight} AND length(s) * length(p) > ${patternWork}`

function likeForms(operator: string, prepare: (text: string) => string, escapes?: "escaped"): string {
  const name = escapes === undefined ? "bounded_like_expression" : "bounded_like_escaped_expression"
  const asExpression = `regexp_full_match(${prepare("s")}, memory.redshift.${name}(${prepare("p")}))`
  const isCheap = escapes === undefined ? isCheapLike : `NOT contains(p, '\\') AND ${isCheapLike}`
  return `(s, p) AS CASE WHEN ${isCheap} THEN s ${operator} p WHEN ${isHeavyLike} THEN ${heavyPattern} ELSE ${asExpression} END`
}

/** Functions of the engine that look at their arguments first; \`memory.redshift.bounded_<name>\`. */
export const boundedMacros: Record<string, string> = {
  repeat: `(s, n) AS CASE WHEN n > 0 AND len(s) * n > ${madeCharacters} THEN ${longResult("repeat")} ELSE repeat(s, n) END`,
  lpad: padding("lpad"),
  rpad: padding("rpad"),
  bitstring: `(s, n) AS CASE WHEN n > ${madeCharacters} THEN ${longResult("bitstring")} ELSE bitstring(s, n) END`,
  range: series("range", elementsOfLiterals),
  generate_series: series("generate_series", elementsOfLiterals),
  range_of_rows: series("range", elements),
  generate_series_of_rows: series("generate_series", elements),
  range_of_times: timeSeries("range", elementsOfLiterals),
  generate_series_of_times: timeSeries("generate_series", elementsOfLiterals),
  range_of_times_of_rows: timeSeries("range", elements),
  generate_series_of_times_of_rows: timeSeries("generate_series", elements),
  list_resize: resizing(elementsOfLiterals),
  list_resize_of_rows: resizing(elements),
  list_to_join: `(l) AS CASE WHEN len(l) > ${joinedElements} THEN ${fail("list_reduce", `more than ${joinedElements} elements that are put together`)} ELSE l END`,
  map_to_merge: `(m) AS CASE WHEN len(map_keys(m)) > ${mergedEntries} THEN ${fail("map_concat", `more than ${mergedEntries} entries`)} ELSE m END`,
  equi_width_bins: `(a, b, n, r) AS CASE WHEN n > ${valueLimits.bins} THEN ${fail("equi_width_bins", `more than ${valueLimits.bins} bins`)} ELSE equi_width_bins(a, b, n, r) END`,
  ...distanceForms,
  strpos: search("strpos"),
  contains: search("contains"),
  string_split: search("string_split"),
  split_part: `(a, b, n) AS ${longNeedle("split_part", "b")} ELSE split_part(a, b, n) END`,
  replace: `(s, f, t) AS ${longNeedle("replace", "f")}
    ${grows("replace", "one text", "CASE WHEN length(t) > length(f) THEN length(s) * length(t) // greatest(length(f), 1) ELSE 0 END")}
    ELSE replace(s, f, t) END`,
  regexp_replace: replacedByPattern(`${longByPattern} ${growsByPattern}`),
  regexp_replace_plain: replacedByPattern(growsByPattern),
  regexp_extract_all: repeatedSearch("regexp_extract_all"),
  regexp_count: `(s, p) AS len(memory.redshift.bounded_regexp_extract_all(s, p))`,
  string_split_regex: repeatedSearch("string_split_regex"),
  regexp_split_to_array: repeatedSearch("regexp_split_to_array"),
  regexp_split_to_table: repeatedSearch("regexp_split_to_table"),
  pattern_weight: patternWeightForm,
  text_for: textFor,
  text_up_to: textUpTo,
  json_value: `(x) AS CASE WHEN length(x::VARCHAR) - length(replace(replace(x::VARCHAR, '[', ''), '{', '')) > ${jsonContainers}
    THEN ${fail("JSON", `a value of more than ${jsonContainers} arrays and objects`)} ELSE x END`,
  bins: `(b) AS CASE WHEN len(b) > ${valueLimits.bins} THEN ${fail("histogram", `more than ${valueLimits.bins} bins`)} ELSE b END`,
  like_expression: likeAsExpression,
  like_escaped_expression: likeWithEscapes,
  like_escaped: likeForms("LIKE", (text) => text, "escaped"),
  ilike_escaped: likeForms("ILIKE", (text) => `lower(${text})`, "escaped"),
  like: likeForms("LIKE", (text) => text),
  ilike: likeForms("ILIKE", (text) => `lower(${text})`),
}
