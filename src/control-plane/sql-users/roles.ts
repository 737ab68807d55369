import { Fault } from "../../domain/faults.ts"
import type { Caller } from "../control-plane.ts"

/** @param what completes "You may not …". @throws Fault accessDenied */
export function requireAdmin(caller: Caller, what: string): void {
  if (caller.role !== "admin") throw denied(caller, what)
}

/** Admins and readers; a partner sees nothing but its own partner records. @throws Fault accessDenied */
export function requireReader(caller: Caller, what: string): void {
  if (caller.role !== "admin" && caller.role !== "read-only") throw denied(caller, what)
}

/** The partner that the caller is; undefined for everyone else. */
export function partnerOf({ role }: Caller): string | undefined {
  return role.startsWith("partner:") ? role.slice("partner:".length) : undefined
}

function denied(caller: Caller, what: string): Fault {
  return new Fault(
    "accessDenied",
    `The access key ${caller.name} has the policy ${caller.role} and may not ${what}.`,
  )
}
