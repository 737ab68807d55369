import type { Position } from "../../../domain/position.ts"

/** An event by which a log file is told from another one of its name. */
export interface EventMark {
  /** Where in the file it begins. */
  offset: number
  checksum: number
}

/**
 * Where in which server's log a position was seen. GTIDs and offsets are given out again by a server that was reset or put
 * back to an earlier state. A log file is the same file if it was created at the same second, is as long at least, and has
 * the marking event where it was; without such an event, if the server has reset nothing since.
 */
export interface LogNote {
  /** MySQL: `server_uuid`; MariaDB: `server_id`. */
  server: string
  file: string
  /** The file had at least so many bytes. */
  offset: number
  /** Of the file, by the server's clock: the header of its format description says so. */
  createdAtSeconds: number
  /** How many statements RESET the server had run; `undefined`: a note of an earlier version. */
  resets: number | undefined
  /** `undefined`: no such event lies before `offset`, or none was seen. */
  mark: EventMark | undefined
}

const noteText =
  /^[^@]*@([0-9a-f-]{1,36}),(\d{1,10}),(\d{1,16}),([^,@]{1,300})(?:,(\d{1,16})(?:,(\d{1,16}),(\d{1,10}))?)?$/

/** As it stands behind a position's place. */
export function textOfNote({ server, createdAtSeconds, offset, file, resets, mark }: LogNote): string {
  const text = `@${server},${createdAtSeconds},${offset},${file}`
  if (resets === undefined) return text
  return mark === undefined ? `${text},${resets}` : `${text},${resets},${mark.offset},${mark.checksum}`
}

/** `undefined`: a position of an earlier version, or one that a person typed. */
export function noteOf(position: Position): LogNote | undefined {
  const found = noteText.exec(position)
  if (found?.[1] === undefined || found[4] === undefined) return undefined
  return {
    server: found[1],
    createdAtSeconds: Number(found[2]),
    offset: Number(found[3]),
    file: found[4],
    resets: found[5] === undefined ? undefined : Number(found[5]),
    mark: found[6] === undefined ? undefined : { offset: Number(found[6]), checksum: Number(found[7]) },
  }
}

/** The number that a log file's name ends in: a server only ever counts up, unless its log is reset. */
export function fileNumber(file: string): number {
  return Number(file.slice(file.lastIndexOf(".") + 1))
}
