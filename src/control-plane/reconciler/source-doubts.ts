import type { RunningPipeline } from "../running-pipelines/running-pipeline.ts"
import type { MovableGroup } from "./placement.ts"
import type { Reach } from "./reach.ts"
import type { Wanted } from "./wanted.ts"

/** A server answers a stream's question within milliseconds. One that decodes a long transaction owes the answer for longer. */
const overdueLimitMs = 1_500
/** A snapshot that does not come on waits for the source, or for the warehouse. */
const standstillLimitMs = 4_000
/** While another source does not answer. */
const believedForMs = 10_000
/** Another host waits for what this one says. */
const askedElsewhereMs = 1_000

export interface Looked {
  wanted: readonly Wanted[]
  /** Those of `wanted` that may run at any host. */
  groups: readonly MovableGroup[]
  /** The pipelines of this process. */
  running: Iterable<RunningPipeline>
}

/** Has sources asked that this host, or another one, may not reach. */
export interface SourceDoubts {
  ask(looked: Looked): void
  /** `arns`: what other hosts do not reach of that which their pipelines need. */
  askThese(arns: readonly string[], wanted: readonly Wanted[]): void
}

export function newSourceDoubts(reach: Pick<Reach, "suspect" | "unreachable">): SourceDoubts {
  let isFirst = true

  function askOf({ integration, databases }: Wanted, believedForMs?: number): void {
    for (const { sourceDatabase } of databases)
      reach.suspect(integration.sourceArn, sourceDatabase, believedForMs)
  }

  return {
    ask({ wanted, groups, running }) {
      for (const one of running)
        if (mayBeCutOff(one)) reach.suspect(one.sourceArn, one.monitor.record.sourceDatabase)
      const ids = new Set(groups.map(({ id }) => id))
      const movable = wanted.filter(({ integration }) => ids.has(integration.id))
      const unreachable = new Set(reach.unreachable())
      // A host that one source does not answer may be cut off from all: it must not be given pipelines that it cannot run.
      const isDoubtful = movable.some(({ integration }) => unreachable.has(integration.sourceArn))
      if (isFirst || isDoubtful) for (const one of movable) askOf(one, believedForMs)
      isFirst = false
    },
    askThese(arns, wanted) {
      for (const one of wanted) if (arns.includes(one.integration.sourceArn)) askOf(one, askedElsewhereMs)
    },
  }
}

/** Whether the pipeline looks as if it did not reach its source any more. */
function mayBeCutOff({ monitor: { phase, problem, progressedAtMs }, pipeline }: RunningPipeline): boolean {
  if (pipeline === undefined) return false
  if (problem?.kind === "sourceUnreachable") return true
  switch (phase) {
    case "starting":
    case "copying":
      return performance.now() - progressedAtMs >= standstillLimitMs
    case "streaming":
      return pipeline.overdueMs() >= overdueLimitMs
    case "waiting":
    case "stopped":
      return false
  }
}
