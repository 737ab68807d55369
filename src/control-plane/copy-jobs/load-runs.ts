import type { CopyOptions, LoadError, ObjectPlace } from "../../domain/copy.ts"
import type { CopyRun } from "../../state/load-errors.ts"
import type { Store } from "../../state/store.ts"

/** What a load came to. */
export interface Loaded {
  rows: number
  files: number
  /** Of the files as they lie in the bucket. */
  fileBytes: number
  /** Those that were passed over, or the first that were too many. */
  errors: readonly LoadError[]
  /** Nothing of it may be kept. */
  isOver: boolean
}

/** A load as the system views name it. */
export interface NamedLoad {
  run: CopyRun
  from: ObjectPlace
  options: CopyOptions
}

const nothingLoaded: Loaded = { rows: 0, files: 0, fileBytes: 0, errors: [], isOver: true }

/** Runs a load, and records what became of it: also that it was given up. Throws what the load throws. */
export async function recorded(
  store: Pick<Store, "loadRuns">,
  load: NamedLoad,
  run: () => Promise<Loaded>,
): Promise<Loaded> {
  let outcome = nothingLoaded
  try {
    outcome = await run()
    return outcome
  } finally {
    await recordLoad(store, load, outcome)
  }
}

/** Records a load that has ended now. */
export async function recordLoad(
  { loadRuns }: Pick<Store, "loadRuns">,
  { run, from: { bucket, prefix }, options }: NamedLoad,
  { rows, files, fileBytes, errors, isOver }: Loaded,
): Promise<void> {
  await loadRuns.append({
    ...run,
    endedAt: new Date(),
    status: isOver ? "aborted" : "completed",
    from: `s3://${bucket}/${prefix}`,
    format: formatNames[options.format.kind],
    rows: isOver ? 0 : rows,
    files,
    fileBytes,
    errors: errors.length,
  })
}

const formatNames: Record<CopyOptions["format"]["kind"], string> = {
  csv: "csv",
  text: "txt",
  json: "json",
  jsonWhole: "json",
  jsonPaths: "json",
  parquet: "parquet",
}
