/** Turns a file's bytes into rows, whatever the pieces they come in. */
export interface RecordReader {
  push(chunk: Buffer): void
  /** The file has ended. */
  end(): void
}

/** A file as a whole cannot be loaded: it is of another kind, or damaged. Said as the reason of a load error. */
export class LoadFailure extends Error {
  readonly line: number
  readonly code: number

  constructor(code: number, reason: string, line = 0) {
    super(reason)
    this.name = "LoadFailure"
    this.code = code
    this.line = line
  }
}

/** No row may be longer, as in the cloud. */
export const rowBytesAtMost = 4 * 2 ** 20
