import type { RequestLimits } from "../domain/configuration.ts"
import type { Log } from "../wire/http/log.ts"
import { newThrottle } from "./throttle.ts"

/** Requests that no key of ours proved: so many have a line of their own, the others are counted in the next line. */
const strangersLogged: RequestLimits = { perSecond: 2, burst: 200 }

export interface RequestLog {
  log: Log
  /** Writes the line of an answered request. */
  answered(fields: object, by: "known" | "stranger"): void
}

/** @param message what each line says. @param now milliseconds since 1970 */
export function newRequestLog(log: Log, message: string, now: () => number = Date.now): RequestLog {
  const strangers = newThrottle(strangersLogged)
  let unlogged = 0
  return {
    log,
    answered(fields, by) {
      if (by === "stranger" && strangers.take("", now()) !== undefined) {
        unlogged++
        return
      }
      log.info({ ...fields, ...(unlogged > 0 && { unlogged }) }, message)
      unlogged = 0
    },
  }
}
