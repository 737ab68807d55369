import type { TestContext } from "node:test"
import type pg from "pg"
import { copyFiles } from "../../src/control-plane/copy-jobs/copy-files.ts"
import type { BucketSettings } from "../../src/domain/configuration.ts"
import { engines } from "../../src/server/registries.ts"
import { openBucket } from "../../src/sources/s3/bucket.ts"
import type { RecordedLoadRun } from "../../src/state/copy/load-runs.ts"
import type { RecordedLoadError } from "../../src/state/load-errors.ts"
import { openStore } from "../../src/state/store.ts"
import { openCopyWarehouse } from "../../src/warehouses/duckdb/copy/copy-warehouse.ts"
import { type TestBucket, testBucket } from "../support/s3/server.ts"
import { type TestWarehouse, testWarehouse } from "./warehouse.ts"

export interface CopyBench extends TestWarehouse {
  bucket: TestBucket
  admin: pg.Client
  errors(): Promise<RecordedLoadError[]>
  runs(): Promise<RecordedLoadRun[]>
}

/** A port whose COPY reads a bucket of an S3 server. */
export async function copyBench(context: TestContext, settings?: BucketSettings): Promise<CopyBench> {
  const bucket = await testBucket(context)
  const source = { ...bucket.source, ...(settings && { bucket: settings }) }
  const parts: { load?: Parameters<typeof copyFiles>[0] } = {}
  const warehouse = await testWarehouse(context, {
    copy: {
      jobs: undefined,
      load: (request) => {
        if (parts.load === undefined) throw new Error("too early")
        return copyFiles(parts.load, request)
      },
    },
  })
  const store = await openStore(warehouse.stateUrl)
  context.after(() => store.close())
  const copies = await openCopyWarehouse(warehouse.instance, warehouse.folder)
  parts.load = {
    sources: [source],
    sourceEngines: engines.sources,
    store,
    openBucket: (one) => openBucket(one, "us-east-1"),
    openTarget: (run, destination, options) => copies.targetOn(run, destination, options),
  }
  return {
    ...warehouse,
    bucket,
    admin: await warehouse.client("admin", "dev"),
    errors: () => store.loadErrors.all(),
    runs: () => store.loadRuns.all(),
  }
}

export const role = "IAM_ROLE 'arn:aws:iam::123456789012:role/load'"

/** All values as text. */
export async function rows(client: pg.Client, statement: string): Promise<(string | null)[][]> {
  const { rows: found } = await client.query<(string | null)[]>({
    text: statement,
    rowMode: "array",
    types: { getTypeParser: () => (text: string) => text },
  })
  return found
}
