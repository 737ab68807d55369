import type { IntegrationReport, StatusReport } from "../api/types.ts"

/** Where the facts on the page come from, and since when. */
export interface LiveState {
  status: StatusReport | undefined
  /** When `status` came, in ms since 1970 by the browser's clock. */
  receivedAtMs: number
  connection: "connecting" | "live" | "lost"
  /** When the connection was lost; null while it is not. */
  lostAtMs: number | null
}

/** What an event of the stream says of the status. */
export type StatusNews =
  | { kind: "whole"; status: StatusReport }
  | { kind: "changed"; integrations: IntegrationReport[]; removed: string[]; rest: Partial<StatusReport> }

/** The latest status, and who is to be told when it becomes another. For `useSyncExternalStore`. */
export interface StatusStore {
  get(): LiveState
  subscribe(listener: () => void): () => void
  take(news: StatusNews, atMs?: number): void
  connected(): void
  lost(atMs: number): void
}

export function newStatusStore(): StatusStore {
  let state: LiveState = { status: undefined, receivedAtMs: 0, connection: "connecting", lostAtMs: null }
  const listeners = new Set<() => void>()
  const become = (next: LiveState) => {
    state = next
    for (const listener of listeners) listener()
  }
  return {
    get: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    take(news, atMs = Date.now()) {
      const status = statusAfter(state.status, news)
      if (status !== undefined) become({ ...state, status, receivedAtMs: atMs })
    },
    connected: () => become({ ...state, connection: "live", lostAtMs: null }),
    lost: (atMs) => become({ ...state, connection: "lost", lostAtMs: state.lostAtMs ?? atMs }),
  }
}

/** `undefined`: changes of a status that has not come yet. */
export function statusAfter(before: StatusReport | undefined, news: StatusNews): StatusReport | undefined {
  if (news.kind === "whole") return news.status
  if (before === undefined) return undefined
  const changed = new Map(news.integrations.map((one) => [one.id, one]))
  const removed = new Set(news.removed)
  const kept = before.integrations.filter(({ id }) => !removed.has(id))
  const known = new Set(kept.map(({ id }) => id))
  return {
    ...before,
    ...news.rest,
    integrations: [
      ...kept.map((one) => changed.get(one.id) ?? one),
      ...news.integrations.filter(({ id }) => !known.has(id)),
    ],
  }
}
