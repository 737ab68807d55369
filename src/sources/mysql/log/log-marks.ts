/** The transaction being read. */
export interface OpenTransaction {
  /** Weight before it. */
  at: number
  /** Its statements and rows go on until its end is told; else the first statement is all of it. */
  hasBegun: boolean
  /** It is only being prepared: its rows are kept aside under this name. */
  xid: string | undefined
  /** Something of it was given to the sink. */
  isGiven: boolean
  /** Its file ended before it: the server crashed while it was being written, or the file lost its end. */
  isCutOff: boolean
  /** The server's own time of the commit, where the log tells it in parts of a second. */
  committedAtMs: number | undefined
}

/** Who waits for the log's reader to come to a place. */
export interface LogMarks {
  set(weight: number, reached: () => void): void
  /** All before this weight has been read, and nothing behind it. */
  pass(weight: number): void
}

export function newLogMarks(): LogMarks {
  let marks: { weight: number; reached(): void }[] = []
  return {
    set: (weight, reached) => void marks.push({ weight, reached }),
    pass(weight) {
      if (marks.length === 0) return
      const passed = marks.filter((mark) => mark.weight <= weight)
      marks = marks.filter((mark) => mark.weight > weight)
      for (const { reached } of passed) reached()
    },
  }
}
