import { timeText } from "../display/formats.ts"
import { Note } from "../display/notes.tsx"
import { texts } from "../texts.ts"
import { useLive } from "./live-context.tsx"

/** Says that nothing on the page is of now, and since when. */
export function ConnectionBanner() {
  const { connection, lostAtMs } = useLive()
  if (connection !== "lost" || lostAtMs === null) return null
  const since = timeText(lostAtMs, Date.now())
  return (
    <div role="alert">
      <Note tone="warn" title={texts.connection.lost(since)}>
        <p>{texts.connection.lostBanner(since)}</p>
      </Note>
    </div>
  )
}
