import { Fault } from "../../domain/faults.ts"
import { Problem, reportOf } from "../../domain/problems.ts"

/** What a source or warehouse fails at while it is asked becomes a refusal that says so. @throws Fault unavailable */
export async function orUnavailable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Problem) throw new Fault("unavailable", reportOf(error).message)
    throw error
  }
}
