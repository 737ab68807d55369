import { useMemo } from "react"
import type { ProcessFacts } from "../api/types.ts"
import { type Column, Grid } from "../display/grid.tsx"
import { Badge, type Tone } from "../display/state-badge.tsx"
import { Age } from "../display/time.tsx"
import { healthTexts as words } from "../texts/administration.ts"
import { hostOf } from "./host-name.ts"

interface ProcessGridProps {
  processes: readonly ProcessFacts[]
  /** When the answer came. */
  atMs: number
  unknownAfterMs: number
  onOpen(owner: string): void
}

/** A worker says that it is there each second or so, and how its pipelines are; after this its word is old. */
const staleAfterMs = 10_000

export function ProcessGrid({ processes, atMs, unknownAfterMs, onOpen }: ProcessGridProps) {
  const columns = useMemo(() => columnsWith(atMs, unknownAfterMs, onOpen), [atMs, unknownAfterMs, onOpen])
  const rows = processes.toSorted((a, b) => order(b) - order(a))
  return (
    <Grid
      label={words.processes}
      rows={rows}
      columns={columns}
      keyOf={(one: ProcessFacts) => one.owner}
      nameOf={hostOf}
    />
  )
}

/** Those that were heard of last go last: what is silent is seen first. */
function order({ silentMs }: ProcessFacts): number {
  return silentMs ?? Number.MAX_SAFE_INTEGER
}

function stateOf({ silentMs }: ProcessFacts, unknownAfterMs: number): { tone: Tone; text: string } {
  if (silentMs === null) return { tone: "idle", text: words.state.gone }
  return silentMs > unknownAfterMs
    ? { tone: "bad", text: words.state.silent }
    : { tone: "good", text: words.state.there }
}

function columnsWith(
  atMs: number,
  unknownAfterMs: number,
  onOpen: ProcessGridProps["onOpen"],
): Column<ProcessFacts>[] {
  const { columns } = words
  const age = (ms: number | null) =>
    ms === null ? words.noReport : <Age atMs={atMs - ms} staleAfterMs={staleAfterMs} />
  return [
    {
      id: "host",
      label: columns.host,
      width: "minmax(8rem, 1.5fr)",
      cell: (one) => (
        <button
          type="button"
          className="name-button"
          aria-label={words.details(hostOf(one))}
          onClick={() => onOpen(one.owner)}
        >
          {hostOf(one)}
        </button>
      ),
      sortBy: hostOf,
    },
    {
      id: "state",
      label: columns.state,
      width: "8rem",
      cell: (one) => {
        const { tone, text } = stateOf(one, unknownAfterMs)
        return <Badge tone={tone}>{text}</Badge>
      },
      sortBy: ({ silentMs }) => silentMs,
    },
    {
      id: "process",
      label: columns.process,
      width: "minmax(8rem, 1fr)",
      fromPx: 900,
      cell: ({ processId }) => words.processOf(processId),
    },
    {
      id: "pipelines",
      label: columns.pipelines,
      width: "7rem",
      fromPx: 480,
      isNumber: true,
      cell: ({ pipelines }) => pipelines.length,
      sortBy: ({ pipelines }) => pipelines.length,
    },
    {
      id: "duties",
      label: columns.duties,
      width: "6rem",
      fromPx: 620,
      isNumber: true,
      cell: ({ duties }) => duties.length,
      sortBy: ({ duties }) => duties.length,
    },
    {
      id: "said",
      label: columns.said,
      width: "minmax(9rem, 1fr)",
      fromPx: 620,
      cell: ({ silentMs }) => age(silentMs),
      sortBy: ({ silentMs }) => silentMs,
    },
    {
      id: "reported",
      label: columns.reported,
      width: "minmax(10rem, 1fr)",
      fromPx: 900,
      cell: ({ observedMsAgo }) => age(observedMsAgo),
      sortBy: ({ observedMsAgo }) => observedMsAgo,
    },
    {
      id: "since",
      label: columns.since,
      width: "minmax(8rem, 1fr)",
      fromPx: 1_100,
      cell: ({ ageMs }) =>
        ageMs === null ? words.noReport : <Age atMs={atMs - ageMs} staleAfterMs={Number.POSITIVE_INFINITY} />,
      sortBy: ({ ageMs }) => ageMs,
    },
  ]
}
