import { Fault } from "../../domain/faults.ts"
import type { Caller } from "../control-plane.ts"

/** @param what completes "You may not …". @throws Fault accessDenied */
export function requireAdmin(caller: Caller, what: string): void {
  if (caller.policy !== "admin") throw denied(caller, what)
}

/** Admins and readers; a partner sees nothing but its own partner records. @throws Fault accessDenied */
export function requireReader(caller: Caller, what: string): void {
  if (caller.policy !== "admin" && caller.policy !== "read-only") throw denied(caller, what)
}

/** The partner that the caller is; undefined for everyone else. */
export function partnerOf({ policy }: Caller): string | undefined {
  return policy.startsWith("partner:") ? policy.slice("partner:".length) : undefined
}

function denied(caller: Caller, what: string): Fault {
  return new Fault(
    "accessDenied",
    `The access key ${caller.name} has the policy ${caller.policy} and may not ${what}.`,
  )
}
