import type { Topic } from "./case-table.ts"

export const patterns: readonly Topic[] = [
  {
    title: "POSIX operators",
    page: "pattern-matching-conditions-posix",
    cases: [
      ["'abc' ~ 'b'", "true"],
      ["'abc' ~ '^b'", "false"],
      ["'abc' ~ 'B', 'abc' ~* 'B'", "false, true"],
      ["'abc' !~ 'b', 'abc' !~* 'B', 'abc' !~ 'x'", "false, false, true"],
      ["'Elephant' ~ '.*E.*', 'tie' ~ 'E'", "true, false"],
      ["x FROM (VALUES ('Ely'), ('Tie')) t(x) WHERE x ~ '^E'", "Ely"],
      ["'abc' ~ NULL", "null"],
      ["'ab' ~ p FROM (VALUES ('b$'), ('^b')) t(p)", "true ; false"],
      ["'a-1' ~ '[[:digit:]]', 'a1' ~ '\\\\d'", "true, false"],
    ],
  },
  {
    title: "SIMILAR TO",
    page: "pattern-matching-conditions-similar-to",
    cases: [
      ["'abc' SIMILAR TO '_b_'", "true"],
      ["'abc' SIMILAR TO '%(b|d)%'", "true"],
      ["'abc' SIMILAR TO '(b|c)%'", "false"],
      ["'a.c' SIMILAR TO 'abc', 'abc' SIMILAR TO 'a.c'", "false, false"],
      ["'abc' SIMILAR TO 'a', 'abc' NOT SIMILAR TO 'a%'", "false, false"],
      ["'aaa' SIMILAR TO 'a{2,4}', 'aaa' SIMILAR TO 'a+', 'b' SIMILAR TO '[a-c]'", "true, true, true"],
      ["'a%' SIMILAR TO 'a\\%', 'ab' SIMILAR TO 'a\\%'", "true, false"],
      ["'a' || 'b' SIMILAR TO 'a' || 'b'", "true"],
      ["x FROM (VALUES ('red'), ('green')) t(x) WHERE x SIMILAR TO '(r|b)%' AND x <> 'b'", "red"],
    ],
  },
  {
    title: "LIKE",
    page: "r_patternmatching_condition_like",
    cases: [
      [
        "'abc' LIKE 'abc', 'abc' LIKE 'a%', 'abc' LIKE '_b_', 'abc' ILIKE '_B_', 'abc' LIKE 'c%'",
        "true, true, true, true, false",
      ],
      ["'my_table' LIKE 'my\\_table', 'myXtable' LIKE 'my\\_table'", "true, false"],
      ["'MY_table' ILIKE 'my\\_%', 'a' NOT LIKE '\\%', 'A%' NOT ILIKE 'a\\%'", "true, true, false"],
      ["'start_' LIKE '%start\\\\_%', 'start_' LIKE '%start^_%' ESCAPE '^'", "false, true"],
      [
        "x LIKE p FROM (VALUES ('a_b', 'a\\_b'), ('axb', 'a\\_b'), ('a%b\\c', 'a\\%b\\\\c')) t(x, p)",
        "true ; false ; true",
      ],
    ],
  },
]
