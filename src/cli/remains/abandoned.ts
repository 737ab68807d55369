import type { StatusReport } from "../../control-plane/pipelines/status.ts"
import type { Finding, Source } from "../../replication/contracts/source.ts"

/** Which of the things at sources that are named as ours belong to an integration of this installation. */
export type Ownership = { kind: "known"; isOwned(handle: string): boolean } | { kind: "unknown"; why: string }

/** Only a running Millrace knows its integrations. `status`: its report, or why there is none. */
export function ownershipOf(status: StatusReport | string): Ownership {
  if (typeof status === "string") return { kind: "unknown", why: status }
  const ids = status.integrations.map(({ id }) => id.replaceAll("-", ""))
  return { kind: "known", isOwned: (handle) => ids.some((id) => handle.includes(id)) }
}

/** What is left at a source by integrations and installations that are gone, with the statements that remove it. */
export async function abandonedAt(source: Source, ownership: Ownership): Promise<Finding[]> {
  const isOwned = ownership.kind === "known" ? ownership.isOwned : () => false
  const found = (await source.abandoned?.(isOwned)) ?? []
  if (ownership.kind === "known" || found.length === 0) return found
  return [
    {
      severity: "warning",
      concerns: "source",
      what: `At the source there are ${found.length} replication slots or publications named as Millrace's that nobody reads. Whether they belong to an integration here is not known: ${ownership.why}`,
      remedy: "Start Millrace and run `millrace check` again: it names those that belong to none.",
    },
  ]
}
