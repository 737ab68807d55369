/** What people ask of a governed view, as SQL over a relation of texts, and the same by hand over rows. */
import type { Row } from "./where-tree.ts"

type Cells = (string | null)[]

export interface QueryForm {
  name: string
  /** `seen`: what stands after FROM, without an alias. */
  sql(seen: string): string
  rows(seen: readonly Row[]): Cells[]
}

const cell = (row: Row, name: string) => row[name] ?? null
const countBy = (rows: readonly Row[], name: string) => {
  const counts = new Map<string | null, Row[]>()
  for (const row of rows) counts.set(cell(row, name), [...(counts.get(cell(row, name)) ?? []), row])
  return counts
}
const distinct = (values: Cells) => [...new Set(values)]
const known = (values: Cells) => values.filter((value) => value !== null)

/** Of `columns`, in this order. */
export function queryForms(columns: readonly string[]): QueryForm[] {
  return [...plainForms(columns), ...joinedForms, ...nestedForms]
}

function plainForms(columns: readonly string[]): QueryForm[] {
  const all = columns.map((name) => `g.${name}`).join(", ")
  return [
    {
      name: "all columns",
      sql: (seen) => `SELECT ${all} FROM ${seen} AS g`,
      rows: (seen) => seen.map((row) => columns.map((name) => cell(row, name))),
    },
    {
      name: "a condition on what is shown",
      sql: (seen) => `SELECT ${all} FROM ${seen} AS g WHERE g.region = 'eu' OR g.name IS NULL`,
      rows: (seen) =>
        seen
          .filter((row) => cell(row, "region") === "eu" || cell(row, "name") === null)
          .map((row) => columns.map((name) => cell(row, name))),
    },
    {
      name: "aggregates",
      sql: (seen) =>
        `SELECT g.region, CAST(count(*) AS text), CAST(count(g.name) AS text), CAST(count(DISTINCT g.code) AS text) FROM ${seen} AS g GROUP BY g.region`,
      rows: (seen) =>
        [...countBy(seen, "region")].map(([region, rows]) => [
          region,
          String(rows.length),
          String(known(rows.map((row) => cell(row, "name"))).length),
          String(distinct(known(rows.map((row) => cell(row, "code")))).length),
        ]),
    },
  ]
}

const joinedForms: readonly QueryForm[] = [
  {
    name: "a join of two readings",
    sql: (seen) => `SELECT a.id, b.id, b.amount FROM ${seen} AS a JOIN ${seen} AS b ON a.name = b.name`,
    rows: (seen) =>
      seen.flatMap((a) =>
        seen
          .filter((b) => cell(a, "name") !== null && cell(a, "name") === cell(b, "name"))
          .map((b) => [cell(a, "id"), cell(b, "id"), cell(b, "amount")]),
      ),
  },
  {
    name: "a union",
    sql: (seen) => `SELECT a.name FROM ${seen} AS a UNION SELECT b.region FROM ${seen} AS b`,
    rows: (seen) =>
      distinct([...seen.map((row) => cell(row, "name")), ...seen.map((row) => cell(row, "region"))]).map(
        (one) => [one],
      ),
  },
]

const nestedForms: readonly QueryForm[] = [
  {
    name: "a WITH query that is read twice",
    sql: (seen) =>
      `WITH w AS (SELECT g.id, g.flag, g.big FROM ${seen} AS g WHERE g.flag = 'true') SELECT x.id, y.big FROM w AS x, w AS y`,
    rows: (seen) => {
      const kept = seen.filter((row) => cell(row, "flag") === "true")
      return kept.flatMap((x) => kept.map((y) => [cell(x, "id"), cell(y, "big")]))
    },
  },
  {
    name: "a window",
    sql: (seen) =>
      `SELECT g.id, g.born, CAST(count(*) OVER (PARTITION BY g.region) AS text) FROM ${seen} AS g`,
    rows: (seen) =>
      seen.map((row) => [
        cell(row, "id"),
        cell(row, "born"),
        String(countBy(seen, "region").get(cell(row, "region"))?.length),
      ]),
  },
  {
    name: "an outer join and EXISTS",
    sql: (seen) =>
      `SELECT a.id, b.seen FROM ${seen} AS a LEFT JOIN ${seen} AS b ON a.id = b.id AND b.tz IS NOT NULL WHERE EXISTS (SELECT 1 FROM ${seen} AS c WHERE c.code = a.code)`,
    rows: (seen) =>
      seen
        .filter((a) => cell(a, "code") !== null)
        .flatMap((a) => {
          const found = seen.filter(
            (b) => cell(a, "id") !== null && cell(a, "id") === cell(b, "id") && cell(b, "tz") !== null,
          )
          return found.length === 0
            ? [[cell(a, "id"), null]]
            : found.map((b) => [cell(a, "id"), cell(b, "seen")])
        }),
  },
]
