import { useMemo } from "react"
import type { SqlAnswer } from "../api/types.ts"
import { Button } from "../display/button.tsx"
import { countText, durationText } from "../display/formats.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { texts } from "../texts.ts"
import { csvOf } from "./statements.ts"

const words = texts.query

interface ResultRow {
  index: number
  values: (string | null)[]
}

export function QueryResult({ answer }: { answer: SqlAnswer }) {
  const { columns, rows, truncated, elapsedMs } = answer
  const numbered = useMemo(() => rows.map((values, index) => ({ index, values })), [rows])
  const shown = useMemo(() => columns.map(({ name, type }, at) => columnOf(name, type, at)), [columns])
  return (
    <section aria-labelledby="result">
      <div className="section-head">
        <h2 id="result">{words.result}</h2>
        <span className="sub" role="status">
          {words.rows(countText(rows.length), durationText(Math.round(elapsedMs)))}{" "}
          {truncated && words.truncated(countText(rows.length))}
        </span>
        {rows.length > 0 && <Button onClick={() => download(csvOf(answer))}>{words.download}</Button>}
      </div>
      {columns.length === 0 ? (
        <p className="sub">{words.noRows}</p>
      ) : (
        <Grid
          label={words.result}
          rows={numbered}
          columns={shown}
          narrowestRem={8 * columns.length}
          keyOf={({ index }) => String(index)}
          nameOf={({ index }) => String(index + 1)}
        />
      )}
    </section>
  )
}

function columnOf(name: string, type: string, at: number): Column<ResultRow> {
  return {
    id: String(at),
    label: name,
    width: "minmax(8rem, 1fr)",
    isNumber: /^(int|bigint|smallint|numeric|decimal|double|real|float)/i.test(type),
    cell: ({ values }) => {
      const value = values[at] ?? null
      if (value === null) return <span className="null">{texts.query.emptyValue}</span>
      return <span title={value}>{value}</span>
    },
  }
}

function download(csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv" }))
  const link = document.createElement("a")
  link.href = url
  link.download = "result.csv"
  link.click()
  URL.revokeObjectURL(url)
}
