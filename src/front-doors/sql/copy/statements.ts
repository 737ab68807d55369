import { type ObjectPlace, parseObjectUrl } from "../../../domain/copy.ts"
import { jobNameMistake } from "../../../domain/copy-job.ts"
import { type TokenReader, tokenReader } from "../../../query/text/token-reader.ts"
import { isWord, type Token } from "../../../query/text/tokens.ts"
import { PgError } from "../../../wire/pgwire/pg-error.ts"
import { type ParsedOptions, parseCopyOptions } from "./options.ts"

/** COPY of one table from a bucket. */
export interface CopyStatement extends ParsedOptions {
  table: string[]
  columns: string[] | undefined
  from: ObjectPlace
}

export type CopyCommand =
  | { kind: "load"; copy: CopyStatement }
  | {
      kind: "createJob"
      name: string
      copy: CopyStatement
      isAuto: boolean
      includesExisting: boolean
      /** As it was typed. */
      text: string
    }
  | { kind: "alterJob"; name: string; isAuto: boolean }
  | { kind: "runJob" | "dropJob"; name: string }
  | { kind: "showJob"; name: string }
  | { kind: "listJobs" }

/** `undefined`: not one of these. Throws 42601 for bad syntax, 0A000 by name for what we cannot do. */
export function copyCommand(tokens: Token[], text: string): CopyCommand | undefined {
  if (!isWord(tokens[0], "copy")) return undefined
  const isJob = isWord(tokens[1], "job") && isWord(tokens[2], "alter", "run", "list", "show", "drop")
  return isJob ? jobCommand(tokenReader(tokens, 2)) : loadCommand(tokenReader(tokens, 1), text)
}

function jobCommand(reader: TokenReader): CopyCommand {
  const command = oneJobCommand(reader)
  reader.end()
  return command
}

function oneJobCommand(reader: TokenReader): CopyCommand {
  if (reader.take("list")) return { kind: "listJobs" }
  if (reader.take("run")) return { kind: "runJob", name: jobName(reader) }
  if (reader.take("show")) return { kind: "showJob", name: jobName(reader) }
  if (reader.take("drop")) return { kind: "dropJob", name: jobName(reader) }
  reader.expect("alter")
  const name = jobName(reader)
  reader.expect("auto")
  return { kind: "alterJob", name, isAuto: onOrOff(reader) }
}

function jobName(reader: TokenReader): string {
  const name = reader.name()
  const mistake = jobNameMistake(name)
  if (mistake !== undefined) throw new PgError("42602", `invalid job name "${name}": ${mistake}`)
  return name
}

function onOrOff(reader: TokenReader): boolean {
  if (reader.take("on")) return true
  if (reader.take("off")) return false
  throw reader.unexpected()
}

function loadCommand(reader: TokenReader, text: string): CopyCommand {
  if (reader.sees("(")) throw notSupported("COPY of a query")
  const table = [reader.name()]
  while (reader.takeSymbol(".")) table.push(reader.name())
  let columns: string[] | undefined
  if (reader.takeSymbol("(")) {
    columns = reader.list(reader.name)
    if (!reader.takeSymbol(")")) throw reader.unexpected()
  }
  if (reader.sees("to")) throw notSupported("COPY … TO")
  reader.expect("from")
  if (reader.sees("stdin")) throw notSupported("COPY … FROM STDIN")
  const from = placeOf(reader.string())
  const parsed = parseCopyOptions(reader)
  const copy: CopyStatement = { ...parsed, table, columns, from }
  if (!reader.take("job")) {
    reader.end()
    return { kind: "load", copy }
  }
  reader.expect("create")
  const name = jobName(reader)
  const isAuto = reader.take("auto") ? onOrOff(reader) : true
  const includesExisting = reader.take("existing") ? onOrOff(reader) : false
  reader.end()
  refuseInJob(copy)
  return { kind: "createJob", name, copy, isAuto, includesExisting, text }
}

function placeOf(url: string): ObjectPlace {
  const place = parseObjectUrl(url)
  if (place !== undefined) return place
  const [, scheme] = /^([a-z0-9]+):\/\//i.exec(url) ?? []
  if (scheme !== undefined && scheme !== "s3") throw notSupported(`COPY from ${scheme}://`)
  throw new PgError("22023", "COPY reads from a place like 's3://bucket/prefix'")
}

/** What a job may not be told, as in the cloud. */
function refuseInJob({ authorisation, given }: CopyStatement): void {
  if (authorisation.kind !== "role")
    throw new PgError("0A000", "a COPY JOB needs IAM_ROLE 'arn:…', not default or access keys")
  for (const one of ["MAXERROR", "IGNOREALLERRORS", "MANIFEST"])
    if (given.has(one)) throw new PgError("0A000", `${one} is not supported in a COPY JOB`)
}

function notSupported(what: string): PgError {
  return new PgError("0A000", `${what} is not supported`, {
    hint: "COPY table FROM 's3://bucket/prefix' is.",
  })
}
