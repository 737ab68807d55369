import type { Hostile } from "./hostile-statements.ts"

/** One block of 2,048 rows, and inside of it the engine heeds no cancel: each of these would take minutes or days. */
const block = "FROM range(2048)"
const longText = "(repeat('ab', 30000) || range)"

export const endlessCalls: Hostile[] = [
  [
    "a thousand states",
    `SELECT count(*) ${block} WHERE regexp_matches(${longText}, '(a|b)*a[ab]{1000}c')`,
    "54000",
  ],
  ["states inside of states", `SELECT count(*) ${block} WHERE ${longText} ~ '([ab]{30}c){30}'`, "54000"],
  ["states of a class", `SELECT count(*) ${block} WHERE ${longText} ~ 'a\\pL{100}c'`, "54000"],
  [
    "states, computed",
    `SELECT count(*) ${block} WHERE regexp_matches(${longText}, 'a[ab]{' || (900 + range % 2) || '}c')`,
    "54000",
  ],
  [
    "classes of Unicode, computed",
    `SELECT count(*) ${block} WHERE regexp_matches('a', repeat('\\pL', 300) || (range % 3))`,
    "54000",
  ],
  ["states, extracted", `SELECT max(regexp_extract(${longText}, 'a[ab]{900}c')) ${block}`, "54000"],
  ["states, replaced", `SELECT max(regexp_replace(${longText}, 'a[ab]{900}c', '')) ${block}`, "54000"],
  ["LIKE of many _", `SELECT count(*) ${block} WHERE ${longText} LIKE '%a${"_".repeat(900)}c%'`, "54000"],
  [
    "LIKE of many _, computed",
    `SELECT count(*) ${block} WHERE ${longText} LIKE '%a' || repeat('_', 900) || 'c%' || range`,
    "54000",
  ],
  ["matches that look far", `SELECT sum(len(regexp_extract_all(${longText}, 'a.*c|a'))) ${block}`, "54000"],
  [
    "replacements that look far",
    `SELECT max(regexp_replace(${longText}, 'a(.*c)?', 'x', 'g')) ${block}`,
    "54000",
  ],
  ["long lists", `SELECT sum(len(list_sort(range(90000 + range)))) ${block}`, "54000"],
  [
    "long lists of times",
    `SELECT sum(len(generate_series(TIMESTAMP '2024-01-01', TIMESTAMP '2024-02-01' + to_days(range::INT), INTERVAL '1 minute'))) ${block}`,
    "54000",
  ],
  ["lists made long", `SELECT sum(len(list_resize([1], 90000 + range))) ${block}`, "54000"],
  [
    "bins",
    `SELECT sum(len(equi_width_bins(0::BIGINT, 9000000000000000000, 900000 + range, true))) ${block}`,
    "54000",
  ],
  [
    "bins of a constant",
    `SELECT sum(len(equi_width_bins(0::BIGINT, 9000000000000000000 - range, 900000, true))) ${block}`,
    "54000",
  ],
  [
    "maps put together",
    `SELECT cardinality(map_concat(map(range(9000), range(9000)), map(range(9000), range(9000))))`,
    "54000",
  ],
  [
    "texts put together",
    `SELECT length(list_reduce(list_transform(range(9000), lambda x: repeat('ab', 500)), lambda a, b: a || b))`,
    "54000",
  ],
  [
    "distances in a list",
    `SELECT len(list_transform(range(9000), lambda x: levenshtein(repeat('a', 900) || x, repeat('b', 900) || x)))`,
    "54000",
  ],
  [
    "distances of wide characters",
    `SELECT max(damerau_levenshtein(repeat('€', 900) || range, repeat('ä', 900) || range)) ${block}`,
    "54000",
  ],
  [
    "many formats",
    `SELECT max(try_strptime(${longText}, list_transform(range(1000), lambda x: '%Y'))) ${block}`,
    "0A000",
  ],
]
