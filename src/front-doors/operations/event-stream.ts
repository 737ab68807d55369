import type { Caller } from "../../control-plane/control-plane.ts"
import { type EventPlace, envelopeOf, followEvents } from "../../control-plane/events/events.ts"
import { requireReader } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import type { EventStore, RecordedEvent } from "../../state/events.ts"
import { headerValue, type WireRequest } from "../../wire/http/message.ts"
import { followerSeats } from "./follower-seats.ts"

export interface EventSources {
  store: { events: EventStore }
  place: EventPlace
}

const seats = followerSeats()

/**
 * Server-sent events: those after `Last-Event-ID`, or without it those that come from now on.
 *
 * @throws Fault accessDenied, invalidValue, unavailable (too many follow already)
 */
export async function eventStream(
  { store: { events }, place }: EventSources,
  caller: Caller,
  request: WireRequest,
): Promise<ReadableStream<Uint8Array>> {
  requireReader(caller, "see events")
  const after = lastId(request) ?? (await events.newest())
  const leave = seats.take(caller)
  const ending = new AbortController()
  const coming = followEvents(events, after, ending.signal)
  ending.signal.addEventListener("abort", leave, { once: true })
  const encoder = new TextEncoder()
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(encoder.encode(": events follow\n\n")),
      async pull(controller) {
        try {
          const { value, done } = await coming.next()
          if (!done) return controller.enqueue(encoder.encode(written(value, place)))
          controller.close()
        } catch (error) {
          ending.abort()
          throw error
        }
      },
      cancel: () => ending.abort(),
    },
    { highWaterMark: 1 },
  )
}

function lastId(request: WireRequest): bigint | undefined {
  const given = headerValue(request, "last-event-id")
  if (given === undefined) return undefined
  if (/^[0-9]{1,18}$/.test(given)) return BigInt(given)
  throw new Fault("invalidValue", "Last-Event-ID must be the id of an event, as it came.")
}

function written(event: RecordedEvent | undefined, place: EventPlace): string {
  if (event === undefined) return ": nothing new\n\n"
  return `id: ${event.id}\nevent: ${event.eventId}\ndata: ${JSON.stringify(envelopeOf(event, place))}\n\n`
}
