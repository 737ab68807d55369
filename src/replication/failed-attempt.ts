import { Problem, problemKinds } from "../domain/problems.ts"
import type { PipelineOptions } from "./pipeline.ts"

/** The Problem that an attempt failed with; any other error is a fault of ours (`internal`). */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem("internal", "Something unexpected happened in the pipeline.", { cause: error })
}

/** Where only a new snapshot helps, removes the recorded position, so that the next attempt makes one. */
export async function prepareRetry(options: PipelineOptions, problem: Problem): Promise<void> {
  if (problemKinds[problem.kind].reaction !== "resync") return
  try {
    const { database, name: pipeline, generation } = options
    const destination = await options.warehouse.open({ database, pipeline, generation })
    await destination.notes.forget()
    await destination.close()
  } catch (error) {
    // Not fatal: the next attempt meets the same problem, and prepares again.
    options.reporter.problem(asProblem(error))
  }
}
