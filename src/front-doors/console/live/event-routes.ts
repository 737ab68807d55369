import { Fault } from "../../../domain/faults.ts"
import { headerValue, type WireRequest } from "../../../wire/http/message.ts"
import type { Route } from "../route.ts"
import type { FeedEvent, StatusFeed } from "./status-feed.ts"

const followersAtMost = 400
/** Of one user or key; a browser has one for all its tabs. */
const followersOfOne = 200
/** How often it is asked whether the follower still may: its session may have been ended. */
const judgeEveryMs = 10_000

export interface EventSources {
  feed: StatusFeed
  /** Asked now and then while somebody follows. @throws whatever says that the caller may not any more */
  stillMay(request: WireRequest): Promise<unknown>
}

/** Server-sent events: `status` with what changed, `alive` when nothing did. */
export function eventRoutes({ feed, stillMay }: EventSources): Route[] {
  const following = new Map<string, number>()
  let all = 0

  function enter(name: string): () => void {
    const own = following.get(name) ?? 0
    if (all >= followersAtMost || own >= followersOfOne)
      throw new Fault("unavailable", `${own} of ${name} and ${all} in all follow the events already.`)
    all++
    following.set(name, own + 1)
    return () => {
      all--
      const left = (following.get(name) ?? 1) - 1
      if (left > 0) following.set(name, left)
      else following.delete(name)
    }
  }

  return [
    {
      operation: "FollowStatus",
      method: "GET",
      path: "/events",
      least: "viewer",
      changes: false,
      run: async ({ request, identity }) => {
        const lastId = lastIdOf(request)
        const leave = enter(identity.name)
        return {
          stream: await streamOf((signal) => feed.follow(lastId, signal), {
            leave,
            stillMay: () => stillMay(request),
          }),
          headers: { "x-accel-buffering": "no" },
        }
      },
    },
  ]
}

function lastIdOf(request: WireRequest): string | undefined {
  const given = headerValue(request, "last-event-id")
  return given === undefined || given === "" ? undefined : given.slice(0, 100)
}

interface StreamParts {
  leave(): void
  stillMay(): Promise<unknown>
}

/** Events are made as the browser reads: for one that does not, none are. Resolves with the first one made. */
async function streamOf(
  follow: (signal: AbortSignal) => AsyncGenerator<FeedEvent>,
  { leave, stillMay }: StreamParts,
): Promise<ReadableStream<Uint8Array>> {
  const ending = new AbortController()
  ending.signal.addEventListener("abort", leave, { once: true })
  const events = follow(ending.signal)
  const end = async () => {
    ending.abort()
    await events.return(undefined)
  }
  const next = () => orEnd(events.next(), end)
  const first = await next()
  let judgedAtMs = performance.now()
  const judge = async () => {
    if (performance.now() - judgedAtMs < judgeEveryMs) return
    judgedAtMs = performance.now()
    await orEnd(stillMay(), end)
  }
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => tell(controller, first),
      async pull(controller) {
        const event = await next()
        await judge()
        tell(controller, event)
      },
      cancel: end,
    },
    { highWaterMark: 1 },
  )
}

async function orEnd<T>(work: Promise<T>, end: () => Promise<void>): Promise<T> {
  try {
    return await work
  } catch (error) {
    await end()
    throw error
  }
}

const encoder = new TextEncoder()

function tell(
  controller: ReadableStreamDefaultController<Uint8Array>,
  { value, done }: IteratorResult<FeedEvent, unknown>,
): void {
  if (done === true) return controller.close()
  const { id, name, data } = value
  controller.enqueue(encoder.encode(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`))
}
