import type { Position } from "../../../domain/position.ts"

/**
 * Where in which server's log a position was seen. GTIDs and offsets are given out again by a server that was reset or put
 * back to an earlier state; a log file that was created at the same second and is as long at least is the same file.
 */
export interface LogNote {
  /** MySQL: `server_uuid`; MariaDB: `server_id`. */
  server: string
  file: string
  /** The file had at least so many bytes. */
  offset: number
  /** Of the file, by the server's clock: the header of its format description says so. */
  createdAtSeconds: number
}

const noteText = /^[^@]*@([0-9a-f-]{1,36}),(\d{1,10}),(\d{1,16}),([^,@]{1,300})$/

/** As it stands behind a position's place. */
export function textOfNote({ server, createdAtSeconds, offset, file }: LogNote): string {
  return `@${server},${createdAtSeconds},${offset},${file}`
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
  }
}

/** The number that a log file's name ends in: a server only ever counts up, unless its log is reset. */
export function fileNumber(file: string): number {
  return Number(file.slice(file.lastIndexOf(".") + 1))
}
