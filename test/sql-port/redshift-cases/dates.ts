import type { Topic } from "./case-table.ts"

export const dates: readonly Topic[] = [
  {
    title: "EXTRACT and DATE_PART",
    page: "r_EXTRACT_function",
    cases: [
      ["extract(ms FROM timestamp '2009-09-09 12:08:43.101')", "101"],
      [
        "extract(second FROM timestamp '2009-09-09 12:08:43.901'), date_part(us, timestamp '2009-09-09 12:08:43.101')",
        "43, 101000",
      ],
      ["extract(epoch FROM timestamp '2009-09-09 12:08:43.901')", "1252498123"],
      ["date_part(minute, timestamp '2023-01-04 04:05:06.789'), date_part(w, date '2023-05-02')", "5, 18"],
    ],
  },
]
