import { createContext, type ReactNode, useContext, useEffect, useState, useSyncExternalStore } from "react"
import { followStatus } from "./elected-stream.ts"
import { type HistoryKeeper, newHistory } from "./history.ts"
import { type LiveState, newStatusStore, type StatusStore } from "./status-store.ts"

interface Live {
  store: StatusStore
  history: HistoryKeeper
}

const LiveContext = createContext<Live | null>(null)

/** Follows the status for as long as somebody is signed in. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const [live] = useState<Live>(() => ({ store: newStatusStore(), history: newHistory() }))
  useEffect(() => {
    const ending = new AbortController()
    const { store, history } = live
    const stopKeeping = store.subscribe(() => {
      const { status, receivedAtMs } = store.get()
      if (status !== undefined) history.take(status, receivedAtMs)
    })
    followStatus(store, ending.signal)
    return () => {
      stopKeeping()
      ending.abort()
    }
  }, [live])
  return <LiveContext value={live}>{children}</LiveContext>
}

export function useLive(): LiveState {
  const { store } = useLiveContext()
  return useSyncExternalStore(store.subscribe, store.get)
}

export function useHistory(): HistoryKeeper {
  return useLiveContext().history
}

function useLiveContext(): Live {
  const live = useContext(LiveContext)
  if (live === null) throw new Error("used outside of LiveProvider")
  return live
}
