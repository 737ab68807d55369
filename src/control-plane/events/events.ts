import { pause } from "../../concurrency/deadline.ts"
import type { EventStore, RecordedEvent } from "../../state/events.ts"

/** Where events come from, as their envelope says it. */
export interface EventPlace {
  account: string
  region: string
}

/** As EventBridge hands events on; what is in `detail` is ours. */
export function envelopeOf(event: RecordedEvent, { account, region }: EventPlace): object {
  const { eventId, severity, category, message, integrationArn, integrationName, status } = event
  return {
    version: "0",
    id: event.uid,
    "detail-type": "Redshift Integration Event",
    source: "aws.redshift",
    account,
    time: event.at.toISOString(),
    region,
    resources: [integrationArn],
    detail: { eventId, severity, category, message, integrationArn, integrationName, status },
  }
}

const lookEveryMs = 500
const quietMs = 15_000
const atOnce = 100

/** Events after one, as they come; now and then `undefined` when none did. Ends with the signal. */
export async function* followEvents(
  store: Pick<EventStore, "after">,
  after: bigint,
  signal: AbortSignal,
): AsyncGenerator<RecordedEvent | undefined> {
  let last = after
  let toldAtMs = performance.now()
  while (!signal.aborted) {
    const events = await store.after(last, atOnce)
    for (const event of events) {
      last = event.id
      yield event
    }
    if (events.length > 0) toldAtMs = performance.now()
    else if (performance.now() - toldAtMs > quietMs) {
      yield undefined
      toldAtMs = performance.now()
    }
    if (events.length < atOnce) await pause(lookEveryMs, signal)
  }
}
