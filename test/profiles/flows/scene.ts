import { randomUUID } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { after, before } from "node:test"
import type { Caller } from "../../../src/control-plane/control-plane.ts"
import {
  type IntegrationsPlane,
  type PutIntegrationRequest,
  putIntegration,
} from "../../../src/profiles/flows/integrations/integrations.ts"
import type { IntegrationSource } from "../../../src/profiles/flows/integrations/uris.ts"
import { fileStore } from "../../../src/profiles/flows/readers/files.ts"
import { objectReader } from "../../../src/profiles/flows/readers/objects.ts"
import { cursorReader } from "../../../src/profiles/flows/readers/rows.ts"
import { webStore } from "../../../src/profiles/flows/readers/web.ts"
import { type FlowSources, startFlows } from "../../../src/profiles/flows/runs/scheduler.ts"
import { openRowServer } from "../../../src/sources/postgres/row-server.ts"
import { openBucket } from "../../../src/sources/s3/bucket.ts"
import type { IntegrationRecord } from "../../../src/state/profile-flows/integrations.ts"
import type { RunRecord } from "../../../src/state/profile-flows/runs.ts"
import { openStore, type Store } from "../../../src/state/store.ts"
import { newParquetReader } from "../../../src/warehouses/duckdb/copy/parquet-reader.ts"
import { stateDatabase } from "../../support/postgres/state-database.ts"
import type { TestDatabase } from "../../support/postgres.ts"
import { s3Keys } from "../../support/s3/server.ts"
import { removeFolder, temporaryFolder } from "../../support/temporary-folder.ts"
import { waitUntil } from "../../support/wait-until.ts"
import { objectType } from "../scene.ts"

export const admin: Caller = { name: "AKIDADMINEXAMPLE", role: "admin" }

/** Of a record with the fields id, email, name. */
export const contact = objectType("Contact", {
  fields: {
    id: { source: "_source.id", target: "_profile.AccountNumber" },
    email: { source: "_source.email", target: "_profile.EmailAddress", contentType: "EMAIL_ADDRESS" },
    name: { source: "_source.name", target: "_profile.FirstName" },
  },
  keys: {
    contactId: [{ fieldNames: ["id"], standardIdentifiers: ["UNIQUE"] }],
    _email: [{ fieldNames: ["email"], standardIdentifiers: ["PROFILE"] }],
  },
})

/** Servers that a test's flows read. */
export interface Servers {
  s3Endpoint?: string
  fileFolders?: string[]
  internalHosts?: string[]
  postgresUrl?: string
}

export function sourcesOf(servers: Servers, folder: string): FlowSources {
  const parquet = newParquetReader(() => join(folder, `${randomUUID()}.parquet`))
  return {
    lookEveryMs: () => 100,
    open(source: IntegrationSource) {
      switch (source.kind) {
        case "bucket": {
          const { bucket, prefix } = source
          const at = {
            arn: `arn:aws:s3:::${bucket}`,
            engine: "s3",
            endpoint: servers.s3Endpoint ?? "",
            ...s3Keys,
          }
          return objectReader({
            store: openBucket(at, "us-east-1"),
            place: `s3://${bucket}/`,
            prefix,
            parquet,
          })
        }
        case "file": {
          const store = fileStore(source.path, servers.fileFolders ?? [])
          return objectReader({ store, place: "file://", prefix: "", parquet })
        }
        case "web": {
          const store = webStore({ url: source.url, internalHosts: servers.internalHosts ?? [] })
          return objectReader({ store, place: "", prefix: "", parquet })
        }
        case "rows": {
          const server = openRowServer({ url: servers.postgresUrl ?? "" })
          return cursorReader({ server, from: source.from, cursor: source.cursor })
        }
        case "table":
          throw new Error("tables are read where a warehouse is")
      }
    },
  }
}

const usualRequest: Omit<PutIntegrationRequest, "domain"> = {
  uri: undefined,
  objectTypeName: "Contact",
  objectTypeNames: {},
  eventTriggerNames: [],
  scope: undefined,
  flowDefinition: undefined,
  roleArn: undefined,
  tags: {},
}

function planeOf(store: Store): IntegrationsPlane {
  return { account: "123456789012", region: "us-east-1", store }
}

async function whileFlowsRun<T>(store: Store, sources: FlowSources, work: () => Promise<T>): Promise<T> {
  const flows = startFlows({
    store,
    sources,
    held: { isHeld: () => true, generation: () => 1 },
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (fields, message) => console.error(message, fields),
    },
  })
  try {
    return await work()
  } finally {
    await flows.stop()
  }
}

/** A state database for a file's tests, whose flows run while a test lets them. */
export function flowsForTests() {
  const scene = {
    store: undefined as Store | undefined,
    database: undefined as TestDatabase | undefined,
    folder: "",
  }
  before(async () => {
    scene.database = await stateDatabase()
    scene.store = await openStore(scene.database.url)
    scene.folder = await temporaryFolder("flows")
    await mkdir(scene.folder, { recursive: true })
  })
  after(async () => {
    await scene.store?.close()
    await scene.database?.drop()
    if (scene.folder !== "") await removeFolder(scene.folder)
  })
  const store = () => {
    if (scene.store === undefined) throw new Error("the state database is not open yet")
    return scene.store
  }
  return {
    get store(): Store {
      return store()
    },
    get url(): string {
      return scene.database?.url ?? ""
    },
    get folder(): string {
      return scene.folder
    },
    /** Runs flows until the work is done. */
    running: <T>(servers: Servers, work: () => Promise<T>): Promise<T> =>
      whileFlowsRun(store(), sourcesOf(servers, scene.folder), work),
    put: (domain: string, given: Partial<PutIntegrationRequest>): Promise<IntegrationRecord> =>
      putIntegration(planeOf(store()), admin, { ...usualRequest, domain, ...given }),
    runs: (domain: string): Promise<RunRecord[]> => store().flowRuns.list(domain, 100),
    /** Waits until the newest run of the domain has ended, and answers it. */
    ended: (domain: string, count = 1): Promise<RunRecord> =>
      waitUntil(
        async () => {
          const runs = await store().flowRuns.list(domain, 100)
          const [newest] = runs
          return runs.length >= count && newest?.endedAt !== undefined ? newest : undefined
        },
        { what: `run ${count} of ${domain} ends`, timeoutMs: 60_000 },
      ),
  }
}

/** A FlowDefinition that reads a folder of the bucket `landing`. */
export function s3Flow(name: string, prefix: string, given: object = {}): object {
  return {
    FlowName: name,
    KmsArn: "arn:aws:kms:us-east-1:123456789012:key/1",
    TriggerConfig: { TriggerType: "OnDemand" },
    SourceFlowConfig: {
      ConnectorType: "S3",
      SourceConnectorProperties: { S3: { BucketName: "landing", BucketPrefix: prefix } },
    },
    Tasks: [],
    ...given,
  }
}
