import { useMemo } from "react"
import type { IntegrationReport } from "../api/types.ts"
import { Link } from "../display/button.tsx"
import { bytesText, durationText, rateText } from "../display/formats.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { Sparkline } from "../display/sparkline.tsx"
import { StateBadge } from "../display/state-badge.tsx"
import { Age } from "../display/time.tsx"
import { type HistoryKeeper, recentRowsPerSecond } from "../live/history.ts"
import { useHistory, useLive } from "../live/live-context.tsx"
import { texts } from "../texts.ts"
import { byUrgency, lagOf, observedMsAgo, retainedOf, tablesOf } from "./figures.ts"

/** An owner reports several times a second; the server calls it unknown after this. */
export const staleAfterMs = 10_000

interface IntegrationGridProps {
  integrations: readonly IntegrationReport[]
  filter: string
}

export function IntegrationGrid({ integrations, filter }: IntegrationGridProps) {
  const history = useHistory()
  const { receivedAtMs } = useLive()
  const columns = useMemo(() => columnsWith(history, receivedAtMs), [history, receivedAtMs])
  const rows = byUrgency(integrations).filter((one) => fits(one, filter))
  return (
    <Grid
      label={texts.overview.table}
      rows={rows}
      columns={columns}
      keyOf={({ id }) => id}
      nameOf={({ name }) => name}
    />
  )
}

function fits({ name, status, pipelines }: IntegrationReport, filter: string): boolean {
  const databases = pipelines.flatMap((one) => [one.sourceDatabase, one.destinationDatabase])
  const words = [name, status, texts.states[status] ?? "", ...databases].join("\n").toLowerCase()
  return words.includes(filter.trim().toLowerCase())
}

function columnsWith(history: HistoryKeeper, receivedAtMs: number): Column<IntegrationReport>[] {
  const { columns } = texts.overview
  return [
    {
      id: "name",
      label: columns.name,
      width: "minmax(9rem, 2fr)",
      cell: (one) => (
        <Link className="name-link" to={{ page: "integration", id: one.id }}>
          {one.name}
        </Link>
      ),
      sortBy: ({ name }) => name.toLowerCase(),
    },
    {
      id: "state",
      label: columns.state,
      width: "11.75rem",
      cell: ({ status }) => <StateBadge state={status} />,
      sortBy: ({ status }) => status,
    },
    {
      id: "lag",
      label: columns.percentiles,
      width: "minmax(10.5rem, 1fr)",
      fromPx: 560,
      isNumber: true,
      cell: (one) => {
        const { p50Ms, p99Ms } = lagOf(one)
        return `${durationText(p50Ms)} / ${durationText(p99Ms)}`
      },
      sortBy: (one) => lagOf(one).p99Ms,
    },
    {
      id: "trend",
      label: columns.trend,
      width: "9rem",
      fromPx: 900,
      cell: (one) => (
        <Sparkline
          values={history.of(one.id).map(({ lagMs }) => lagMs)}
          label={texts.overview.trendOf(one.name, durationText(lagOf(one).nowMs))}
        />
      ),
    },
    {
      id: "rate",
      label: columns.rate,
      width: "minmax(5rem, .7fr)",
      fromPx: 700,
      isNumber: true,
      cell: ({ id }) => rateText(recentRowsPerSecond(history.of(id))),
      sortBy: ({ id }) => recentRowsPerSecond(history.of(id)),
    },
    {
      id: "tables",
      label: columns.tables,
      width: "minmax(8.5rem, 1fr)",
      fromPx: 1_060,
      isNumber: true,
      cell: (one) => {
        const { good, all } = tablesOf(one)
        return texts.overview.tablesOf(good, all)
      },
      sortBy: (one) => tablesOf(one).all,
    },
    {
      id: "retained",
      label: columns.retained,
      width: "minmax(7rem, 1fr)",
      fromPx: 1_240,
      isNumber: true,
      cell: (one) => bytesText(retainedOf(one)?.bytes ?? null),
      sortBy: (one) => retainedOf(one)?.bytes ?? null,
    },
    {
      id: "observed",
      label: columns.observed,
      width: "minmax(11.5rem, 1fr)",
      fromPx: 760,
      isNumber: true,
      cell: (one) => <Age atMs={receivedAtMs - observedMsAgo(one)} staleAfterMs={staleAfterMs} />,
    },
  ]
}
