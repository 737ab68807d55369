import type { Finding } from "../api/types.ts"
import { Copyable } from "../display/copyable.tsx"
import { Note } from "../display/notes.tsx"
import type { Tone } from "../display/state-badge.tsx"
import { texts } from "../texts.ts"

const words = texts.create
const tones: Record<Finding["severity"], Tone> = { error: "bad", warning: "warn", note: "idle" }

/** What keeps a source or a table from being replicated, each with what mends it. */
export function Findings({ findings }: { findings: readonly Finding[] }) {
  return findings.map(({ severity, what, remedy }) => (
    <Note key={what} tone={tones[severity]} title={what} code={words.severities[severity]}>
      <Copyable text={remedy} what={words.remedy} />
    </Note>
  ))
}
