import type { SourceConfiguration } from "../../domain/configuration.ts"
import { type CopyOptions, type LoadError, type ObjectPlace, parseObjectUrl } from "../../domain/copy.ts"
import { Fault } from "../../domain/faults.ts"
import type { CopyDestination, CopyTarget, RunSql } from "../../loading/copy-target.ts"
import { type JsonPath, parseJsonPathsFile } from "../../loading/json-paths.ts"
import { type LoadOutcome, loadFiles } from "../../loading/load-files.ts"
import type { ListedObject, ObjectStore } from "../../loading/object-store.ts"
import { LoadFailure } from "../../loading/record-reader.ts"
import type { CopyRun } from "../../state/load-errors.ts"
import type { Store } from "../../state/store.ts"
import type { Caller } from "../control-plane.ts"
import { type BucketPlane, requireBucket } from "./buckets.ts"

/** What COPY works on. */
export interface CopyPlane extends BucketPlane {
  store: Store
  openBucket(source: SourceConfiguration): ObjectStore
  /** In the transaction that `run` runs in. @throws Problem copyTargetMissing */
  openTarget(run: RunSql, destination: CopyDestination, options: CopyOptions): Promise<CopyTarget>
}

export interface CopyRequest {
  caller: Caller
  sessionId: number
  destination: CopyDestination
  from: ObjectPlace
  options: CopyOptions
  /** In the transaction that the rows are to be part of. */
  run: RunSql
  /** Asked now and then; throws when the statement is to end. */
  alive(): Promise<void>
}

export interface CopyResult {
  rows: number
  files: number
  /** Those that were passed over, or the first that were too many. */
  errors: readonly LoadError[]
  isOver: boolean
}

/** Of one statement: beyond, a job loads in steps. */
const objectsAtMost = 1_000_000

/**
 * One COPY: all files that are there now, in the caller's transaction. Its errors are recorded whether that is kept or not.
 *
 * @throws Fault sourceNotFound, accessDenied, resourceNotFound (no such file), validation; Problem
 */
export async function copyFiles(plane: CopyPlane, request: CopyRequest): Promise<CopyResult> {
  const { caller, from, options, destination } = request
  const store = plane.openBucket(requireBucket(plane, caller, from))
  const paths = await jsonPathsOf(plane, caller, options)
  const objects = await objectsUnder(store, from.prefix, request.alive)
  if (objects.length === 0)
    throw new Fault("resourceNotFound", `The specified S3 prefix '${from.prefix}' does not exist`)
  const target = await plane.openTarget(request.run, destination, options)
  const run: CopyRun = {
    queryId: await plane.store.loadErrors.newQueryId(),
    sessionId: request.sessionId,
    jobId: undefined,
    user: caller.name,
    database: destination.database,
    table: destination.table,
    startedAt: new Date(),
  }
  const { rows, files, errors, isOver } = await loaded({
    bucket: from.bucket,
    store,
    objects,
    target,
    options,
    ...(paths && { paths }),
    alive: request.alive,
  })
  await plane.store.loadErrors.append(run, errors)
  return { rows, files: files.length, errors, isOver }
}

/** What is wrong with all files at once is the statement's mistake. */
async function loaded(load: Parameters<typeof loadFiles>[0]): Promise<LoadOutcome> {
  try {
    return await loadFiles(load)
  } catch (error) {
    if (error instanceof LoadFailure) throw new Fault("validation", error.message)
    throw error
  }
}

async function objectsUnder(
  store: ObjectStore,
  prefix: string,
  alive: () => Promise<void>,
): Promise<ListedObject[]> {
  const objects: ListedObject[] = []
  for await (const page of store.list(prefix)) {
    await alive()
    // What ends in a slash and is empty stands for a folder.
    for (const object of page) if (!isFolder(object)) objects.push(object)
    if (objects.length > objectsAtMost)
      throw new Fault(
        "validation",
        `More than ${objectsAtMost} files begin with this prefix: name a longer one.`,
      )
  }
  return objects
}

export function isFolder({ key, sizeBytes }: ListedObject): boolean {
  return sizeBytes === 0 && key.endsWith("/")
}

const pathsFileBytesAtMost = 2 ** 20

/** @throws Fault sourceNotFound, accessDenied, resourceNotFound, validation; Problem */
export async function jsonPathsOf(
  plane: BucketPlane & Pick<CopyPlane, "openBucket">,
  caller: Caller,
  { format }: CopyOptions,
): Promise<JsonPath[] | undefined> {
  if (format.kind !== "jsonPaths") return undefined
  const at = parseObjectUrl(format.pathsFile)
  if (at === undefined)
    throw new Fault("validation", `'${format.pathsFile}' is no S3 URL of a JSONPaths file`)
  const store = plane.openBucket(requireBucket(plane, caller, at))
  const refusal = store.refusal(at.prefix)
  if (refusal !== undefined) throw new Fault("validation", refusal)
  const opened = await store.open(at.prefix)
  if (opened === undefined)
    throw new Fault("resourceNotFound", `The JSONPaths file ${format.pathsFile} does not exist`)
  if (opened.sizeBytes > pathsFileBytesAtMost)
    throw new Fault("validation", "The JSONPaths file is larger than 1 MiB")
  const parts: Buffer[] = []
  for await (const part of opened.body) parts.push(part)
  try {
    return parseJsonPathsFile(Buffer.concat(parts).toString())
  } catch (error) {
    if (error instanceof LoadFailure) throw new Fault("validation", error.message)
    throw error
  }
}
