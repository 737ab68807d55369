import { basePath } from "../api/base-path.ts"
import { ApiError, call, signedOut } from "../api/client.ts"
import { readEvents, type ServerSentEvent } from "../api/server-sent-events.ts"
import type { StatusReport } from "../api/types.ts"
import { newsOf } from "./news.ts"
import type { StatusNews, StatusStore } from "./status-store.ts"

const firstWaitMs = 500
const longestWaitMs = 5_000
/** The server says something every few seconds; past this silence the connection counts as broken. */
const silenceLimitMs = 20_000

/** What the tab with the stream tells the others. */
type TabMessage =
  | { kind: "news"; news: StatusNews; lastId: string }
  | { kind: "live" }
  | { kind: "lost"; atMs: number }
  | { kind: "newTab" }

/**
 * One event stream for all tabs of a browser, since HTTP/1.1 allows six connections: the tab that holds the lock reads it, the
 * others hear by a broadcast channel, and one of them goes on where it ended when that tab is closed. Without locks (pages without
 * TLS that are not on loopback) each tab has its own. Ends with the signal.
 */
export function followStatus(store: StatusStore, signal: AbortSignal): void {
  const channel = new BroadcastChannel(`millrace-console${basePath}`)
  const follower: Follower = { store, channel, lastId: "", isLeader: false, signal }
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => heard(follower, data)
  signal.addEventListener("abort", () => channel.close(), { once: true })
  channel.postMessage({ kind: "newTab" } satisfies TabMessage)
  void fetchWhole(follower)
  void leadWhenElected(follower)
}

interface Follower {
  store: StatusStore
  channel: BroadcastChannel
  /** Of the last event that came to any tab. */
  lastId: string
  isLeader: boolean
  signal: AbortSignal
}

function heard(follower: Follower, message: TabMessage): void {
  const { store } = follower
  switch (message.kind) {
    case "news":
      follower.lastId = message.lastId
      return store.take(message.news)
    case "live":
      return store.connected()
    case "lost":
      return store.lost(message.atMs)
    case "newTab": {
      const { connection, lostAtMs } = store.get()
      if (!follower.isLeader) return
      if (connection === "live") tell(follower, { kind: "live" })
      if (lostAtMs !== null) tell(follower, { kind: "lost", atMs: lostAtMs })
      return
    }
  }
}

function tell({ channel, signal }: Follower, message: TabMessage): void {
  if (!signal.aborted) channel.postMessage(message)
}

async function leadWhenElected(follower: Follower): Promise<void> {
  const { signal } = follower
  try {
    if (!("locks" in navigator)) return await lead(follower)
    await navigator.locks.request(`millrace-console-stream${basePath}`, { signal }, () => lead(follower))
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

async function lead(follower: Follower): Promise<void> {
  const { signal } = follower
  follower.isLeader = true
  let waitMs = firstWaitMs
  while (!signal.aborted) {
    const wasOpen = await readOnce(follower)
    if (signal.aborted) return
    waitMs = wasOpen ? firstWaitMs : Math.min(waitMs * 2, longestWaitMs)
    await pause(waitMs * (0.75 + Math.random() / 2), signal)
  }
}

/** Until the stream ends, which it never does well; whether it was open at all. */
async function readOnce(follower: Follower): Promise<boolean> {
  const { store, signal, lastId } = follower
  const ending = new AbortController()
  const silence = watchSilence(() => ending.abort())
  const ended = AbortSignal.any([signal, ending.signal])
  let wasOpen = false
  try {
    await readEvents("events", {
      lastId,
      signal: ended,
      onOpen() {
        wasOpen = true
        store.connected()
        tell(follower, { kind: "live" })
        void fetchWhole(follower)
      },
      onEvent(event) {
        silence.heard()
        came(follower, event)
      },
    })
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) signedOut()
    // Whatever ended it: it is opened again, and the page says meanwhile that it is not live.
  } finally {
    silence.stop()
  }
  if (!signal.aborted) await tellWhetherLost(follower)
  return wasOpen
}

/** Without a stream (a proxy may not pass it) the status is asked for between the attempts; lost is what answers neither. */
async function tellWhetherLost(follower: Follower): Promise<void> {
  const { store, lastId } = follower
  if (await fetchWhole(follower)) {
    store.connected()
    tell(follower, { kind: "live" })
    const { status } = store.get()
    if (status !== undefined) tell(follower, { kind: "news", news: { kind: "whole", status }, lastId })
    return
  }
  const atMs = Date.now()
  store.lost(atMs)
  tell(follower, { kind: "lost", atMs })
}

function came(follower: Follower, event: ServerSentEvent): void {
  if (event.id !== "") follower.lastId = event.id
  const news = newsOf(event)
  if (news === undefined) return
  follower.store.take(news)
  tell(follower, { kind: "news", news, lastId: follower.lastId })
}

/** Changes are told by the stream; what they change is asked for once, and after each break. Whether there was an answer. */
async function fetchWhole({ store, signal }: Follower): Promise<boolean> {
  try {
    store.take({ kind: "whole", status: await call<StatusReport>("status", { signal }) })
    return true
  } catch (error) {
    if (!(error instanceof ApiError) && !signal.aborted) throw error
    return false
  }
}

function watchSilence(onSilence: () => void): { heard(): void; stop(): void } {
  let timer = setTimeout(onSilence, silenceLimitMs)
  return {
    heard() {
      clearTimeout(timer)
      timer = setTimeout(onSilence, silenceLimitMs)
    },
    stop: () => clearTimeout(timer),
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
