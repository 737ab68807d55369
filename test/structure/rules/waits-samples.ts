/** What `handMadeWaits` finds and what it leaves alone; nothing runs this file. */
import { setTimeout as delay } from "node:timers/promises"

export async function found(work: () => Promise<void>): Promise<void> {
  let tail: Promise<unknown> = Promise.resolve()
  tail = tail.then(work)
  setInterval(() => undefined, 1_000)
  setTimeout(() => undefined, 1_000)
  await Promise.race([work(), delay(1_000)])
  const late = delay(1_000).then(() => "late")
  await Promise.race([work(), late])
}

export class Found {
  tail = Promise.resolve()
}

export async function leftAlone(work: () => Promise<void>): Promise<void> {
  const nothing = Promise.resolve()
  await delay(1_000)
  await Promise.race([work(), nothing])
}
