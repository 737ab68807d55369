import type { ProcessFacts } from "../api/types.ts"

/** What people call the host, or else its lasting id. */
export function hostOf({ hostName, host }: Pick<ProcessFacts, "hostName" | "host">): string {
  return hostName ?? host
}
