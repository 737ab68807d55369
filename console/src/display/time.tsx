import { useNowMs } from "../live/clock.ts"
import { texts } from "../texts.ts"
import { ageText, timeText, utcOf } from "./formats.ts"

/** A moment in the viewer's zone, with UTC on hover. */
export function Moment({ atMs }: { atMs: number }) {
  const nowMs = useNowMs()
  return (
    <time dateTime={new Date(atMs).toISOString()} title={utcOf(atMs)}>
      {timeText(atMs, nowMs)}
    </time>
  )
}

/** How old a value is; past `staleAfterMs` it looks old and says so. */
export function Age({ atMs, staleAfterMs }: { atMs: number; staleAfterMs: number }) {
  const ageMs = useNowMs() - atMs
  const isStale = ageMs > staleAfterMs
  return (
    <time
      className={isStale ? "age age-stale" : "age"}
      dateTime={new Date(atMs).toISOString()}
      title={utcOf(atMs)}
    >
      {texts.age.ago(ageText(ageMs))}
      {isStale && <span className="age-note"> {texts.age.stale}</span>}
    </time>
  )
}
