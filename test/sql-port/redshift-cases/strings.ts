import type { Topic } from "./case-table.ts"

export const strings: readonly Topic[] = [
  {
    title: "SUBSTRING",
    page: "r_SUBSTRING",
    cases: [
      ["substring('caterpillar', 6, 4), substring('caterpillar', 6, 8)", "pill, pillar"],
      ["substring('caterpillar', -2, 6), substring('caterpillar', 0, 6)", "cat, cater"],
      ["substring('caterpillar', -5, 4), substr('caterpillar', -2)", ", caterpillar"],
      ["substring('abc' FROM 2 FOR 1), substring('abc', n, 2) FROM (VALUES (0)) t(n)", "b, a"],
      ["substring('abc', 2, -1)", "!22011"],
    ],
  },
  {
    title: "CONCAT",
    page: "r_CONCAT",
    cases: [
      ["concat('December 25, ', '2008')", "December 25, 2008"],
      ["concat('a', NULL), 'a' || NULL", "null, null"],
      ["concat(x, 'b') FROM (VALUES ('a')) t(x)", "ab"],
    ],
  },
  {
    title: "INITCAP",
    page: "r_INITCAP",
    cases: [
      [
        "initcap('hello WORLD from'), initcap('o''neil-smith x_y a.b'), initcap('été 3rd')",
        "Hello World From, O'Neil-Smith X_Y A.B, Été 3rd",
      ],
    ],
  },
  {
    title: "LPAD and RPAD",
    page: "r_LPAD",
    cases: [
      [
        "lpad('cat', 7), rpad('cat', 5) || '|', lpad('cat', 2), lpad('cat', 6, '0123')",
        "    cat, cat  |, ca, 012cat",
      ],
    ],
  },
  {
    title: "CRC32",
    page: "crc32-function",
    cases: [["crc32('Amazon Redshift'), crc32(''), crc32(NULL)", "f2726906, 00000000, null"]],
  },
  {
    title: "REGEXP_INSTR",
    page: "REGEXP_INSTR",
    cases: [
      [
        "regexp_instr('the fox', 'fox'), regexp_instr('the fox', 'zz'), regexp_instr('a@b.c', '@[^.]*')",
        "5, 0, 2",
      ],
    ],
  },
  {
    title: "SPLIT_PART",
    page: "SPLIT_PART",
    cases: [
      [
        "split_part('abc$def$ghi', '$', 2), split_part('abc$def', '$', 4), split_part(x, ',', n) FROM (VALUES ('a,b', 1)) t(x, n)",
        "def, , a",
      ],
      ["split_part('abc$def', '$', 0)", "!22023"],
    ],
  },
  {
    title: "Other string functions",
    page: "String_functions_header",
    cases: [
      ["octet_length('français'), char_length('français'), bit_length('abc')", "9, 8, 24"],
      [
        "to_hex(2147483647), to_hex(255), to_hex(-1), to_hex(-1::bigint)",
        "7fffffff, ff, ffffffff, ffffffffffffffff",
      ],
      ["chr(65), chr(x) FROM (VALUES (66)) t(x)", "A, B"],
      ["chr(0)", "!54000"],
      ["listagg(x, chr(45)) WITHIN GROUP (ORDER BY x) FROM (VALUES ('a'), ('b')) t(x)", "a-b"],
      ["listagg(x, ', '::varchar) WITHIN GROUP (ORDER BY x) FROM (VALUES ('a'), ('b')) t(x)", "a, b"],
      ["quote_literal('it''s'), quote_ident('foo bar'), textlen('abc')", "'it''s', \"foo bar\", 3"],
      [
        "translate('mint tea', 'inea', 'osin'), reverse('frog'), replace('abcabc', 'b', 'xx')",
        "most tin, gorf, axxcaxxc",
      ],
      [
        "func_sha1('a'), sha('a') = sha1('a'), md5('Amazon Redshift')",
        "86f7e437faa5a7fce15d1ddcb9eaeaea377667b8, true, f7415e33f972c03abd4f3fed36748f7a",
      ],
    ],
  },
  {
    title: "CHAR and VARCHAR",
    page: "r_Character_types",
    cases: [
      ["'abc'::char(2), 'abc'::varchar(2), CAST(x AS char(1)) FROM (VALUES ('zz')) t(x)", "ab, ab, z"],
      [
        "'abc  '::char(5) = 'abc', len('a '::char(5)), 'a'::char(3) = 'a  ', 'a ' = 'a'",
        "true, 1, true, false",
      ],
      [
        "1.0::float8::text, x::varchar, (x * 2)::text FROM (VALUES (1e10::float8)) t(x)",
        "1, 10000000000, 20000000000",
      ],
    ],
  },
  {
    title: "SPLIT_TO_ARRAY and types of SUPER values",
    page: "split_to_array",
    cases: [
      ["split_to_array('a|b', '|'), split_to_array('a,b,c')", '["a","b"], ["a","b","c"]'],
      [
        "is_array(json_parse('[1]')), is_object(json_parse('[1]')), json_typeof(json_parse('{\"a\":1}')), get_array_length(json_parse('[1,2]')), can_json_parse('{')",
        "true, false, object, 2, false",
      ],
    ],
  },
  {
    title: "REGEXP_REPLACE",
    page: "REGEXP_REPLACE",
    cases: [
      ["regexp_replace('abcabc', 'b', 'X'), regexp_replace('the fox', '[a-z]+', '-')", "aXcaXc, - -"],
      ["regexp_replace('abcabc', 'b', 'X', 3)", "!0A000"],
      [
        "regexp_substr('ab12cd', '[0-9]+'), regexp_substr('ab', '[0-9]'), regexp_count('abab', 'ab')",
        "12, , 2",
      ],
    ],
  },
  {
    title: "JSON_EXTRACT_PATH_TEXT",
    page: "JSON_EXTRACT_PATH_TEXT",
    cases: [
      [
        `json_extract_path_text('{"a":1.50}', 'a'), json_extract_path_text('{"a":{"b":1e3}}', 'a', 'b')`,
        "1.50, 1e3",
      ],
      [
        `json_extract_path_text(x, 'a') FROM (VALUES ('{"a":{"b":2.0,"c":"x 1.50, 2"}}'), ('{"a":12345678901234567890123}')) t(x)`,
        `{"b":2.0,"c":"x 1.50, 2"} ; 12345678901234567890123`,
      ],
      [
        `json_extract_array_element_text('[1.10, "2.20", 3]', 0), json_extract_array_element_text('[1.10, "2.20", 3]', 1)`,
        "1.10, 2.20",
      ],
    ],
  },
  {
    title: "JSON_EXTRACT_ARRAY_ELEMENT_TEXT",
    page: "JSON_EXTRACT_ARRAY_ELEMENT_TEXT",
    cases: [
      [
        "json_extract_array_element_text('[111,112,113]', 2), json_extract_array_element_text('[\"a\"]', 5)",
        "113, null",
      ],
      ["json_extract_array_element_text('[1,2]', -1)", "null"],
    ],
  },
]
