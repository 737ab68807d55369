import type { TableReport } from "../api/types.ts"
import { countText, durationText, shortCountText } from "../display/formats.ts"
import type { Column } from "../display/grid.tsx"
import { StateBadge } from "../display/state-badge.tsx"
import { Moment } from "../display/time.tsx"
import { texts } from "../texts.ts"
import type { TableRow } from "./table-rows.ts"

const words = texts.integration

export function tableColumns(onOpen: (key: string) => void): Column<TableRow>[] {
  const { columns } = words
  return [
    {
      id: "table",
      label: columns.table,
      width: "minmax(8rem, 2fr)",
      cell: ({ key, label }) => (
        <button
          type="button"
          className="name-button"
          title={label}
          aria-label={words.details(label)}
          onClick={() => onOpen(key)}
        >
          {label}
        </button>
      ),
      sortBy: ({ label }) => label.toLowerCase(),
    },
    {
      id: "state",
      label: columns.state,
      width: "10rem",
      cell: ({ table }) => <StateBadge state={table.state} />,
      sortBy: ({ table }) => table.state,
    },
    {
      id: "rows",
      label: columns.rows,
      width: "minmax(7rem, 1fr)",
      fromPx: 560,
      isNumber: true,
      cell: ({ table }) => rowsText(table),
      sortBy: ({ table }) => table.rows,
    },
    {
      id: "changes",
      label: columns.changes,
      width: "minmax(5.5rem, .8fr)",
      fromPx: 820,
      isNumber: true,
      cell: ({ table }) => countText(table.changes),
      sortBy: ({ table }) => table.changes,
    },
    {
      id: "lag",
      label: columns.lag,
      width: "minmax(5rem, .7fr)",
      fromPx: 700,
      isNumber: true,
      cell: ({ table }) => durationText(table.lagMs),
      sortBy: ({ table }) => table.lagMs,
    },
    {
      id: "verified",
      label: columns.verified,
      width: "minmax(10rem, 1.1fr)",
      fromPx: 980,
      cell: ({ table }) => <Verified table={table} />,
      sortBy: ({ table }) => table.verified?.at ?? null,
    },
    {
      id: "reason",
      label: columns.reason,
      width: "minmax(10rem, 2fr)",
      fromPx: 1_100,
      cell: ({ table }) => <span title={table.reason ?? ""}>{table.reason ?? ""}</span>,
    },
  ]
}

function rowsText({ state, rows, estimatedRows }: TableReport): string {
  return state === "ResyncInitiated"
    ? words.rowsOf(shortCountText(rows), shortCountText(estimatedRows))
    : countText(rows)
}

export function Verified({ table: { verified } }: { table: TableReport }) {
  if (verified === null) return <span className="sub">{words.unverified}</span>
  const { differences, at } = verified
  return (
    <>
      {differences === 0 ? words.equal : words.differing(countText(differences))},{" "}
      <Moment atMs={Date.parse(at)} />
    </>
  )
}
