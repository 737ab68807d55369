import { useSyncExternalStore } from "react"

const everyMs = 1_000
let nowMs = Date.now()
let timer: ReturnType<typeof setInterval> | undefined
const listeners = new Set<() => void>()

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    nowMs = Date.now()
    for (const one of listeners) one()
  }, everyMs)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Now in ms since 1970, anew each second: one timer for all ages on the page. */
export function useNowMs(): number {
  return useSyncExternalStore(subscribe, () => nowMs)
}
