import { texts } from "../texts.ts"

export type Tone = "good" | "busy" | "warn" | "bad" | "idle"

const tones: Record<string, Tone> = {
  active: "good",
  syncing: "busy",
  creating: "busy",
  modifying: "busy",
  deleting: "idle",
  needs_attention: "warn",
  failed: "bad",
  Synced: "good",
  ResyncInitiated: "busy",
  ResyncRequired: "warn",
  Failed: "bad",
  Deleted: "idle",
  DroppedSource: "idle",
  unknown: "warn",
}

/** How a state of an integration or of a table looks; one that is new here looks idle. */
export function toneOf(state: string): Tone {
  return tones[state] ?? "idle"
}

export function StateBadge({ state }: { state: string }) {
  const label = texts.states[state] ?? texts.tableStates[state] ?? state
  return <Badge tone={toneOf(state)}>{label}</Badge>
}

/** Colour and shape: a state is never told by colour alone. */
export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span className={`badge tone-${tone}`}>
      <ToneIcon tone={tone} />
      {children}
    </span>
  )
}

const shapes: Record<Tone, string> = {
  good: "M3.5 8.5l3 3 6-7",
  busy: "M8 3a5 5 0 1 1-5 5",
  warn: "M8 3.5v5.5M8 12v.5",
  bad: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  idle: "M4 8h8",
}

export function ToneIcon({ tone }: { tone: Tone }) {
  return (
    <svg className={`tone-icon tone-icon-${tone}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={shapes[tone]} />
    </svg>
  )
}
