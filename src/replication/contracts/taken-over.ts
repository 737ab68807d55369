import { Problem } from "../../domain/problems.ts"

/** Thrown by a warehouse before it has changed anything: an owner of a newer generation has opened the pipeline's database. */
export class TakenOver extends Problem {
  /** The newest generation that the warehouse knows. */
  readonly newest: number

  constructor(generation: number, newest: number) {
    super(
      "takenOver",
      `The warehouse knows a newer owner of the pipeline (generation ${newest}) than this one (generation ${generation}).`,
    )
    this.name = "TakenOver"
    this.newest = newest
  }
}
