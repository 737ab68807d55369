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
]
