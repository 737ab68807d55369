import { useMemo, useState } from "react"
import type { DryRunReport } from "../api/types.ts"
import { bytesText, countText, durationText, shortCountText } from "../display/formats.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { Note } from "../display/notes.tsx"
import { texts } from "../texts.ts"
import { Findings } from "./findings.tsx"

const words = texts.create
/** A cautious rate of a first copy, for sources that nobody has measured yet. */
const assumedBytesPerSecond = 20_000_000

interface Taken {
  label: string
  size: DryRunReport["databases"][number]["tables"][number]["size"]
}

/** What an integration would take, and what keeps tables out. */
export function DryRunResult({ report: { databases } }: { report: DryRunReport }) {
  const [sought, setSought] = useState("")
  const taken = useMemo(() => databases.flatMap(tablesOf), [databases])
  const matched = databases.reduce((sum, one) => sum + one.matched, 0)
  // What the source itself lacks is said where it was chosen.
  const findings = databases.flatMap((one) => one.findings).filter(({ concerns }) => concerns === "table")
  const rows = taken.filter(({ label }) => label.toLowerCase().includes(sought.trim().toLowerCase()))
  return (
    <>
      <Totals databases={databases} />
      {matched === 0 && <Note tone="warn" title={words.noneTaken} />}
      <Findings findings={findings} />
      {matched > 0 && (
        <>
          <div className="section-head">
            <span className="sub">{words.shown(countText(rows.length), countText(matched))}</span>
            <input
              type="search"
              className="filter"
              aria-label={words.filterTables}
              placeholder={words.filterTables}
              value={sought}
              onChange={({ target }) => setSought(target.value)}
            />
          </div>
          <Grid
            label={words.tables}
            rows={rows}
            columns={columns}
            keyOf={({ label }) => label}
            nameOf={({ label }) => label}
          />
        </>
      )}
    </>
  )
}

function tablesOf({ database, tables }: DryRunReport["databases"][number]): Taken[] {
  const prefix = database === "" ? "" : `${database}.`
  return tables.map(({ schema, name, size }) => ({ label: `${prefix}${schema}.${name}`, size }))
}

function Totals({ databases }: DryRunReport) {
  const sum = (of: (one: DryRunReport["databases"][number]) => number) =>
    databases.reduce((all, one) => all + of(one), 0)
  const isSized = databases.every(({ sizes }) => sizes !== null)
  const matched = sum((one) => one.matched)
  const bytes = sum(({ sizes }) => sizes?.bytes ?? 0)
  const told = (text: string) => (isSized ? text : words.unknown)
  const withoutKey = sum(({ sizes }) => sizes?.withoutKey ?? 0)
  const facts: [label: string, value: string, detail?: string][] = [
    [words.matched, countText(matched)],
    [words.withoutKey, told(countText(withoutKey)), words.withoutKeyDetail],
    [words.refused, told(countText(matched - sum(({ sizes }) => sizes?.tables ?? 0)))],
    [words.rows, told(shortCountText(sum(({ sizes }) => sizes?.estimatedRows ?? 0)))],
    [words.size, told(bytesText(bytes))],
    [
      words.time,
      told(durationText(Math.max(1_000, (1_000 * bytes) / assumedBytesPerSecond))),
      words.timeDetail(`${bytesText(assumedBytesPerSecond)}/s`),
    ],
  ]
  return (
    <dl className="facts">
      {facts.map(([label, value, detail]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
          {detail !== undefined && <dd className="sub">{detail}</dd>}
        </div>
      ))}
    </dl>
  )
}

const columns: Column<Taken>[] = [
  {
    id: "table",
    label: words.columns.table,
    width: "minmax(9rem, 2fr)",
    cell: ({ label }) => <span title={label}>{label}</span>,
    sortBy: ({ label }) => label,
  },
  {
    id: "key",
    label: words.columns.key,
    width: "minmax(6rem, 1fr)",
    cell: ({ size }) => (size === null ? words.notReplicated : size.hasKey ? words.hasKey : words.hasNoKey),
  },
  {
    id: "rows",
    label: words.columns.rows,
    width: "6rem",
    fromPx: 480,
    isNumber: true,
    cell: ({ size }) => shortCountText(size?.estimatedRows ?? null),
    sortBy: ({ size }) => size?.estimatedRows ?? null,
  },
  {
    id: "bytes",
    label: words.columns.bytes,
    width: "6rem",
    fromPx: 480,
    isNumber: true,
    cell: ({ size }) => bytesText(size?.bytes ?? null),
    sortBy: ({ size }) => size?.bytes ?? null,
  },
]
