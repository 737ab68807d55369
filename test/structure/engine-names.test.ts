/**
 * The core names no engine, neither in names nor in texts: what is said of an engine stands in its record
 * (src/engines/, server/registries.ts). What is left is listed here with its reason.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { filesOf, type SourceFile, withoutComments } from "./source-files.ts"

/** Every room but those of the engines themselves, and the demo, which is played on servers that it starts. */
const core =
  "src/{domain,concurrency,configuration,encryption,okta,warehouses/sql,engines,replication,loading,state,control-plane,wire,query,front-doors,server}/**/*.ts"
const engineRooms = /^src\/query\/duckdb\//

const engineName = /\w*(?:postgres|duckdb|mysql|mariadb|dynamodb|redshift)\w*|\bs3\b/gi

/** Where an engine's name stands for something else, or is what the file is for. */
const exceptions: { files: RegExp; names: RegExp; reason: string }[] = [
  {
    files:
      /^src\/(domain\/(events|integration|text-forms\/arn|resource-policy\/resource-policy-parser)|control-plane\/(integrations\/(encryption|resource-policies|tags)|events\/events|databases\/clusters)|configuration\/(load|entries\/warehouse)|state\/migrations\/0001-integrations|front-doors\/(refusals|router))\.ts$/,
    names: /redshift/i,
    reason: "the name of the cloud's API, of its events and of its ARNs, whatever engine the warehouse has",
  },
  {
    files: /^src\/(front-doors\/redshift\/|server\/parts\/api-part\.ts$)/,
    names: /redshift/i,
    reason: "the door of that API",
  },
  {
    files: /^src\/front-doors\/governance\/resources\/people-shapes\.ts$/,
    names: /redshiftUser/,
    reason: "the published API's member for a person's account in every warehouse",
  },
  {
    files: /^src\/front-doors\/redshift\/(integration-filter|integration-handlers|shapes)\.ts$/,
    names: /dynamodb|s3/i,
    reason: "what that API's members may hold: source types, and the patterns of ARNs",
  },
  {
    files: /^src\/front-doors\/customer-profiles\/operations\/flow-definition\.ts$/,
    names: /s3/i,
    reason: "the published API's value and member for flows that read files",
  },
  {
    files:
      /^src\/(domain\/copy\.ts$|control-plane\/copy-jobs\/(copy-files|events|list-file|load-runs)\.ts$|loading\/manifest\.ts$|front-doors\/sql\/copy\/|front-doors\/(events|operations)\/|query\/system-views\/copy-views\.ts$)/,
    names: /s3/i,
    reason: "the URLs that COPY is given, and the events of buckets: S3's forms, whoever holds the files",
  },
  {
    files: /^src\/(state\/connection|configuration\/(postgres-url|schema))\.ts$/,
    names: /postgres/i,
    reason: "Millrace's own state lives in PostgreSQL",
  },
  {
    files:
      /^src\/server\/(state-database|roles|parts\/(?:installation|guarded-postgres)|isolated\/supervise)\.ts$/,
    names: /postgres/i,
    reason: "the PostgreSQL of the state",
  },
  {
    files: /^src\/(wire\/pgwire\/admission\/log-in|front-doors\/sql\/users\/user-options)\.ts$/,
    names: /postgres/i,
    reason: "what clients of the PostgreSQL wire protocol are told",
  },
  {
    files: /^src\/okta\/(sign-in|saml-response)\.ts$/,
    names: /redshift/i,
    reason: "the name of Okta's application, and of an attribute of its SAML response",
  },
  { files: /^src\/server\/registries\.ts$/, names: /./, reason: "the registry: one line for each engine" },
]

interface Found {
  path: string
  line: number
  name: string
}

function enginesIn({ path, text }: SourceFile): Found[] {
  return withoutComments(text)
    .split("\n")
    .flatMap((code, at) => [...code.matchAll(engineName)].map(([name]) => ({ path, line: at + 1, name })))
}

const isException = (found: Found, { files, names }: (typeof exceptions)[number]) =>
  files.test(found.path) && names.test(found.name)

async function found(): Promise<Found[]> {
  const files = (await filesOf(core)).filter(
    ({ path }) => !path.endsWith(".test.ts") && !engineRooms.test(path),
  )
  assert.ok(files.length > 300, "the core was not found")
  return files.flatMap(enginesIn)
}

test("the core names no engine, in names or in texts", async () => {
  const left = (await found()).filter((one) => !exceptions.some((exception) => isException(one, exception)))
  assert.deepEqual(
    left.map(({ path, line, name }) => `${path}:${line}: ${name}`),
    [],
  )
})

test("every exception is in use", async () => {
  const all = await found()
  const unused = exceptions.filter((exception) => !all.some((one) => isException(one, exception)))
  assert.deepEqual(
    unused.map(({ reason }) => reason),
    [],
  )
})

test("engines are found in names and texts, not in comments", () => {
  const text =
    'const a = "on duckdb" // mysql\n/* postgres */ const s3Bucket = `s3://x` // "redshift"\nopenMysqlX()'
  assert.deepEqual(
    enginesIn({ path: "a.ts", text }).map(({ line, name }) => `${line} ${name}`),
    ["1 duckdb", "2 s3", "3 openMysqlX"],
  )
})
