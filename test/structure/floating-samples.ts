/** What the rule against floating promises must find, and what it must let be. It is never run. */
import { rm } from "node:fs/promises"
import type pg from "pg"

interface Parts {
  client: pg.Client
  work: () => Promise<number>
  stop?: () => Promise<void>
  perhaps: Promise<void> | undefined
}

export function floating({ client, work, stop, perhaps }: Parts): void {
  work()
  rm("x")
  client.end()
  stop?.()
  perhaps?.then(() => undefined)
  perhaps && work()
  work().finally(() => undefined)
  ;(async () => undefined)()
}

export async function kept({ client, work, stop, perhaps }: Parts): Promise<number> {
  await rm("x")
  void client.end()
  work().catch(() => undefined)
  work().then(
    () => undefined,
    () => undefined,
  )
  work()
    .catch(() => undefined)
    .finally(() => undefined)
  const running = work()
  let other: Promise<unknown> | undefined
  other = stop?.()
  other ??= perhaps
  await other
  return running
}
