import { Problem } from "../domain/problems.ts"

/**
 * Thrown by a snapshot that is read: the table is not any more what the snapshot saw, and reading it would give other
 * rows. The stream has yet to tell what became of it.
 */
export class CopyOvertaken extends Problem {
  constructor(what: string) {
    super("sourceProtocol", what)
    this.name = "CopyOvertaken"
  }
}
