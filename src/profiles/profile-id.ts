import { randomBytes } from "node:crypto"

/** 32 hexadecimal digits that begin with the time, so that profiles made together lie together in indexes (the layout of UUID version 7). */
export function newProfileId(nowMs = Date.now()): string {
  const random = randomBytes(10)
  random[0] = ((random[0] ?? 0) & 0x0f) | 0x70
  random[2] = ((random[2] ?? 0) & 0x3f) | 0x80
  return nowMs.toString(16).padStart(12, "0") + random.toString("hex")
}
