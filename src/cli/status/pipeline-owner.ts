import type { OwnerReport, PipelineReport } from "../../control-plane/pipelines/status.ts"

/** Where a pipeline runs, and why there: `at db-1 (process 4711), which has its file /var/millrace/warehouse/shop.duckdb`. */
export function runsAt(owner: OwnerReport): string {
  const { hostName, isPinned, file } = owner
  return `at ${hostName}${processOf(owner)}${isPinned ? `, which has its file${spaced(file)}` : ""}`
}

/** Who can go on with a pipeline that nobody runs now. */
export function runsNowhere(owner: OwnerReport): string {
  const { host, hostName, isPinned, file } = owner
  if (!isPinned)
    return `nobody runs it: start Millrace with the role worker at any host; it ran last at ${hostName}`
  return `runs only at host ${hostName} (${host}), which has the file with its rows${spaced(file)}: start Millrace with the role worker there`
}

/** The same of any pipeline. */
export function placeOf({ owner }: Pick<PipelineReport, "owner">): string {
  if (owner === null) return "nobody has run it yet"
  return owner.isOwned ? runsAt(owner) : runsNowhere(owner)
}

function processOf({ processId }: OwnerReport): string {
  return processId === null ? "" : ` (process ${processId})`
}

function spaced(file: string | null): string {
  return file === null ? "" : ` ${file}`
}
