import type { IntegrationFacts, SystemViewFacts } from "../../../src/control-plane/databases/system-views.ts"
import type { CopyOptions } from "../../../src/domain/copy.ts"

const plainOptions: CopyOptions = {
  format: { kind: "csv", delimiter: ",", quote: '"' },
  compression: "none",
  ignoreHeader: 0,
  ignoreBlankLines: false,
  nullAs: "",
  fillRecord: false,
  acceptInvalidCharacters: undefined,
  acceptAnyDate: false,
  blanksAsNull: false,
  emptyAsNull: false,
  trimBlanks: false,
  roundDecimals: false,
  dateFormat: { kind: "iso" },
  timeFormat: { kind: "iso" },
  maxErrors: 0,
}

const integration: IntegrationFacts = {
  integrationId: "one",
  source: "PostgreSQL",
  sourceDatabase: "bank",
  database: undefined,
  state: "PendingDbConnectState",
  lagMs: 1.5,
  position: undefined,
  tablesReplicated: 0,
  tablesFailed: 0,
  receivedAt: undefined,
  appliedAt: undefined,
}

const day = new Date("2024-05-06T07:08:09.010Z")

/** A job, a file, a message and a load error of two users; one integration. */
export function factsOfTwo(): SystemViewFacts {
  const owners = ["analyst", "loader"]
  const copyJobs = owners.map((owner, at) => ({
    id: at + 1,
    name: `job of ${owner}`,
    owner,
    ...{ targetArn: "arn", database: "dev", schema: "public", table: "t", columns: undefined },
    ...{ bucket: "b", prefix: "", iamRole: undefined, statement: "COPY t", options: plainOptions },
    ...{ isAuto: true, includesExisting: false, createdAt: day, integration: undefined },
    ...{ host: undefined, problem: undefined, shownDatabase: "dev" },
  }))
  const file = {
    key: "k",
    etag: "e",
    sizeBytes: 1,
    modifiedAt: day,
    enqueuedAt: day,
    status: "ingested" as const,
  }
  return {
    integrations: [integration],
    tables: [],
    activities: [],
    stateChanges: [],
    copyJobs,
    copyFiles: copyJobs.map((job) => ({ ...file, job })),
    copyMessages: copyJobs.map(({ id, name }) => ({
      ...{ jobId: id, jobName: name, database: "dev", recordedAt: day, message: "m" },
    })),
    loadRuns: owners.map((user) => ({
      ...{ queryId: 1, sessionId: 2, jobId: undefined, user, database: "dev", table: user, startedAt: day },
      ...{ endedAt: day, status: "completed" as const, from: "s3://b/", format: "csv" },
      ...{ rows: 1, files: 1, fileBytes: 2, errors: 0 },
    })),
    loadErrors: owners.map((user) => ({
      ...{ queryId: 1, sessionId: 2, jobId: undefined, user, database: "dev", table: "t", startedAt: day },
      ...{ bucket: "b", key: user, line: 1, column: "c", columnType: "int4", columnLength: "0", position: 0 },
      ...{ rawLine: "x", rawValue: "x", code: 1207, reason: "no number" },
    })),
  }
}
