import { pause } from "./deadline.ts"

/** A pause that somebody may cut short. */
export interface WakeablePause {
  /** Resolves after `ms`, when `wake` is called meanwhile, or with the signal. It keeps no process alive. One at a time. */
  pause(ms: number): Promise<void>
  /** Ends the pause at hand; without one it does nothing. */
  wake(): void
}

export function newWakeablePause(signal: AbortSignal): WakeablePause {
  let woken = new AbortController()
  return {
    pause(ms) {
      woken = new AbortController()
      return pause(ms, AbortSignal.any([signal, woken.signal]), { keepsAlive: false })
    },
    wake: () => woken.abort(),
  }
}
