import type { AuditEntry } from "../api/types.ts"
import type { Column } from "../display/grid.tsx"
import { Badge, type Tone } from "../display/state-badge.tsx"
import { Moment } from "../display/time.tsx"
import { auditTexts as words } from "../texts/administration.ts"

export function callOf({ door, operation }: AuditEntry): string {
  return `${door}:${operation}`
}

export function Outcome({ outcome }: { outcome: string | undefined }) {
  return <Badge tone={toneOf(outcome)}>{outcome ?? words.unknownOutcome}</Badge>
}

function toneOf(outcome: string | undefined): Tone {
  if (outcome === undefined || outcome === "internal") return "bad"
  return outcome === "ok" ? "good" : "warn"
}

export function auditColumns(onOpen: (id: number) => void): Column<AuditEntry>[] {
  const { columns } = words
  return [
    {
      id: "at",
      label: columns.at,
      width: "minmax(7rem, 12rem)",
      cell: ({ at }) => <Moment atMs={Date.parse(at)} />,
    },
    {
      id: "call",
      label: columns.call,
      width: "minmax(9rem, 1.3fr)",
      cell: (entry) => (
        <button
          type="button"
          className="name-button"
          aria-label={words.details(callOf(entry))}
          onClick={() => onOpen(entry.id)}
        >
          {callOf(entry)}
        </button>
      ),
    },
    {
      id: "who",
      label: columns.who,
      width: "minmax(6rem, 1fr)",
      fromPx: 480,
      cell: ({ accessKeyId }) => <span title={accessKeyId}>{accessKeyId}</span>,
    },
    {
      id: "resource",
      label: columns.resource,
      width: "minmax(8rem, 2fr)",
      fromPx: 900,
      cell: ({ resource }) => <span title={resource}>{resource}</span>,
    },
    {
      id: "address",
      label: columns.address,
      width: "9rem",
      fromPx: 1_100,
      cell: ({ address }) => address,
    },
    {
      id: "outcome",
      label: columns.outcome,
      width: "minmax(7rem, 12rem)",
      fromPx: 620,
      cell: ({ outcome }) => <Outcome outcome={outcome} />,
    },
  ]
}
