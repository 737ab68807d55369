import { Problem } from "../../domain/problems.ts"

/**
 * Thrown by a snapshot that is read: the table is not any more what the snapshot saw, and reading it would give other
 * rows. The stream has yet to tell what became of it.
 */
export class SnapshotInvalidated extends Problem {
  constructor(what: string) {
    super("sourceProtocol", what)
    this.name = "SnapshotInvalidated"
  }
}

/** Thrown by a snapshot that is read: somebody else needs the table. The others can be read on; it is copied later. */
export class CopyYielded extends Problem {
  constructor(what: string) {
    super("sourceBusy", what)
    this.name = "CopyYielded"
  }
}
