import { setTimeout as sleep } from "node:timers/promises"

/** Polls until `condition` answers something true, and returns that; fails naming `what` after `timeoutMs`. */
export async function waitUntil<T>(
  condition: () => Promise<T> | T,
  { what, timeoutMs = 60_000, intervalMs = 25 }: { what: string; timeoutMs?: number; intervalMs?: number },
): Promise<NonNullable<T>> {
  const deadline = Date.now() + timeoutMs
  let lastError: unknown
  while (Date.now() < deadline) {
    try {
      const value = await condition()
      if (value) return value
      lastError = undefined
    } catch (error) {
      lastError = error
    }
    await sleep(intervalMs)
  }
  throw new Error(`waited ${timeoutMs} ms for ${what}`, { cause: lastError })
}
