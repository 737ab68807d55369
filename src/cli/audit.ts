import type { AuditEntry } from "../domain/audit.ts"
import { parseDuration } from "../domain/text-forms/duration.ts"
import { cut } from "../domain/text-forms/plain-text.ts"
import { askMillrace } from "./asking/operations-request.ts"
import { type ExitCode, failed, misused, operating } from "./operate.ts"
import { print, printAside, printJson } from "./output.ts"
import { textTable } from "./text-table.ts"

/** An entry as it comes over the wire. */
type Told = Omit<AuditEntry, "at"> & { at: string }

/** Shows who changed what, when and from where, as the Millrace that runs here has recorded it. */
export async function audit({
  since,
  json,
  config,
}: {
  since: string | undefined
  json: boolean
  config: string | undefined
}): Promise<ExitCode> {
  const start = since === undefined ? undefined : startOf(since)
  if (since !== undefined && start === undefined) {
    return misused(
      "--since takes a length of time like 30m, 24h or 7d, or a moment like 2026-03-01T12:00:00Z.",
    )
  }
  return await operating(config, "admin", async (access) => {
    const body = start === undefined ? {} : { since: start.toISOString() }
    const request = { method: "POST", path: "/audit", body } as const
    const answer = await askMillrace<{ entries: Told[]; more: boolean }>(access, request)
    if (typeof answer === "string") return failed(answer)
    const { entries, more } = answer
    if (json) printJson(answer)
    else print(described(entries))
    if (more && !json) printAside("There are older ones: narrow the time with --since.\n")
    return 0
  })
}

function startOf(text: string): Date | undefined {
  const agoMs = parseDuration(text)
  if (agoMs !== undefined) return new Date(Date.now() - agoMs)
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : undefined
  return at === undefined || Number.isNaN(at.getTime()) ? undefined : at
}

const resourceAtMost = 120

export function described(entries: Told[]): string {
  if (entries.length === 0) return "no changes\n"
  return textTable(
    ["time", "key", "address", "call", "resource", "outcome"],
    entries.map((entry) => [
      `${entry.at.slice(0, 19)}Z`,
      entry.accessKeyId,
      entry.address ?? "-",
      `${entry.door}:${entry.operation}`,
      cut(entry.resource ?? "-", resourceAtMost),
      // The process ended before the call did.
      entry.outcome ?? "unknown",
    ]),
  )
}
