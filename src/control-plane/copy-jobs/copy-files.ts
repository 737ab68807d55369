import type { SourceConfiguration } from "../../domain/configuration.ts"
import { type CopyOptions, type LoadError, type ObjectPlace, parseObjectUrl } from "../../domain/copy.ts"
import { Fault } from "../../domain/faults.ts"
import type { CopyDestination, CopyTransaction } from "../../loading/copy-target.ts"
import { type JsonPath, parseJsonPathsFile } from "../../loading/json-paths.ts"
import { type FilesLoad, type LoadOutcome, loadFiles } from "../../loading/load-files.ts"
import type { ListedObject, ObjectStore } from "../../loading/object-store.ts"
import { LoadFailure } from "../../loading/record-reader.ts"
import type { CopyRun } from "../../state/load-errors.ts"
import type { Store } from "../../state/store.ts"
import type { Caller } from "../control-plane.ts"
import { type BucketPlane, requireBucket } from "./buckets.ts"
import { readListFile } from "./list-file.ts"
import { type Loaded, recorded } from "./load-runs.ts"
import { type BucketFiles, manifestFiles } from "./manifest-files.ts"

/** What COPY works on. */
export interface CopyPlane extends BucketPlane {
  store: Store
  openBucket(source: SourceConfiguration): ObjectStore
}

/** Runs `work` in the transaction that the rows are to be part of; they are kept at most if its answer says so. */
export type Transact = <T>(
  work: (transaction: Pick<CopyTransaction, "target">) => Promise<{ keep: boolean; value: T }>,
) => Promise<T>

export interface CopyRequest {
  caller: Caller
  sessionId: number
  destination: CopyDestination
  /** What errors and views call its database. */
  shownDatabase: string
  from: ObjectPlace
  /** `from` is a manifest, a list of files. */
  isManifest: boolean
  options: CopyOptions
  transact: Transact
  /** Asked now and then; throws when the statement is to end. */
  alive(): Promise<void>
}

export interface CopyResult extends Loaded {
  /** As the system views name the run. */
  queryId: number
}

/** Of one statement: beyond, a job loads in steps. */
const objectsAtMost = 1_000_000

/**
 * One COPY: all files that are there now, in the caller's transaction. Its errors are recorded whether that is kept or not.
 *
 * @throws Fault sourceNotFound, accessDenied, resourceNotFound (no such file), validation; Problem
 */
export async function copyFiles(plane: CopyPlane, request: CopyRequest): Promise<CopyResult> {
  const { caller, options, destination } = request
  const paths = await jsonPathsOf(plane, caller, options)
  const files = request.isManifest ? await manifestFiles(plane, request) : [await prefixFiles(plane, request)]
  const run: CopyRun = {
    queryId: await plane.store.loadErrors.newQueryId(),
    sessionId: request.sessionId,
    jobId: undefined,
    user: caller.name,
    database: request.shownDatabase,
    table: destination.table,
    startedAt: new Date(),
  }
  const outcome = await recorded(plane.store, { run, from: request.from, options }, () =>
    request.transact(async ({ target: open }) => {
      const target = await open(destination, options)
      const load = { target, options, ...(paths && { paths }), alive: request.alive }
      const all = await loadedAll(files, load)
      return { keep: !all.isOver, value: all }
    }),
  )
  await plane.store.loadErrors.append(run, outcome.errors)
  return { ...outcome, queryId: run.queryId }
}

/** Files of one bucket after the other, until there are more errors than are allowed. */
async function loadedAll(
  files: readonly BucketFiles[],
  load: Omit<FilesLoad, "bucket" | "store" | "objects">,
): Promise<Loaded> {
  const result = { rows: 0, files: 0, fileBytes: 0, errors: [] as LoadError[], isOver: false }
  for (const { bucket, store, objects, mandatory } of files) {
    const maxErrors = load.options.maxErrors - result.errors.length
    const outcome = await loaded({ ...load, bucket, store, objects, options: { ...load.options, maxErrors } })
    result.rows += outcome.rows
    result.files += outcome.files.length
    for (const { sizeBytes } of outcome.files) result.fileBytes += sizeBytes
    result.errors.push(...outcome.errors)
    result.isOver = outcome.isOver
    if (result.isOver) return result
    const found = new Set(outcome.files.map(({ key }) => key))
    const missing = mandatory.find((key) => !found.has(key))
    if (missing !== undefined)
      throw new Fault("resourceNotFound", `The mandatory S3 file 's3://${bucket}/${missing}' does not exist`)
  }
  if (result.files === 0) throw new Fault("resourceNotFound", "None of the manifest's S3 files exists")
  return result
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

/** @throws Fault sourceNotFound, accessDenied, resourceNotFound, validation; Problem */
async function prefixFiles(plane: CopyPlane, { caller, from, alive }: CopyRequest): Promise<BucketFiles> {
  const store = plane.openBucket(requireBucket(plane, caller, from))
  const objects = await objectsUnder(store, from.prefix, alive)
  if (objects.length === 0)
    throw new Fault("resourceNotFound", `The specified S3 prefix '${from.prefix}' does not exist`)
  return { bucket: from.bucket, store, objects, mandatory: [] }
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
  return readListFile(
    store,
    at,
    { what: "JSONPaths file", bytesAtMost: pathsFileBytesAtMost },
    parseJsonPathsFile,
  )
}
