import { Problem, problemKinds } from "../domain/problems.ts"
import type { PipelineOptions } from "./pipeline.ts"

/** What an attempt failed with: what is no Problem is a fault of ours. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem("internal", "Something unexpected happened in the pipeline.", { cause: error })
}

/** What only a fresh copy can mend begins with forgetting the position. */
export async function prepareRetry(options: PipelineOptions, problem: Problem): Promise<void> {
  if (problemKinds[problem.kind].reaction !== "resync") return
  try {
    const { database, name: pipeline, generation } = options
    const destination = await options.warehouse.open({ database, pipeline, generation })
    await destination.notes.forget()
    await destination.close()
  } catch (error) {
    // The problem is met again at the next attempt, and this is tried again with it.
    options.reporter.problem(asProblem(error))
  }
}
