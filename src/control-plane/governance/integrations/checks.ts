import type {
  CheckStatus,
  GovernedConfig,
  ValidationResults,
  ValidationTest,
} from "../../../governance/setup/integration.ts"
import type { ServerCredentials } from "../../../governance/setup/payload.ts"
import { hasOwners, managedSchemas, type SetupDialect } from "../../../governance/setup/plan.ts"
import {
  crossDatabase,
  databaseQuery,
  dialectOfVersion,
  fingerprintQuery,
  foldsQuery,
  grantsQuery,
  groupQuery,
  longestNameBytes,
  portsOwnDatabases,
  schemasQuery,
  unservedServer,
  versionQuery,
} from "../../../governance/setup/probes.ts"
import { loginBy, type OktaEntry, type TemporaryPasswords } from "./okta-login.ts"
import type { ServerEntrances } from "./server-access.ts"
import { connectServer, type ServerLogin, ServerRefusal, type ServerSession } from "./server-connection.ts"

/** What is to be checked, and for what. */
export interface CheckRequest {
  config: GovernedConfig
  credentials: ServerCredentials
  manner: "automatic" | "manual"
  act: "create" | "edit" | "delete"
  /** Of the payload; what the scripts have written must be this. */
  fingerprint: string
  /** The group that is there already, of an edit. */
  previousRole?: string | undefined
}

export interface CheckedServer {
  results: ValidationResults
  /** `undefined`: the server could not be asked. */
  dialect: SetupDialect | undefined
}

interface Checked {
  session: ServerSession
  dialect: SetupDialect
  request: CheckRequest
}

/** `skipped`: it does not apply. Text: why it failed; `warning`: it is no reason to stop. */
type Verdict = "passed" | "skipped" | { failed: string } | { warning: string }

interface Check {
  name: string
  /** (Fact: what the published product shows there.) */
  result?: readonly unknown[]
  run(checked: Checked): Promise<Verdict>
}

export const connectionTest = "Initial Validation: Basic Connection Test"

/** In this order. (Fact: the first two names; the others are ours, on the same prefixes.) */
const checks: readonly Check[] = [
  {
    name: "Validate Automatic Bootstrap: Immuta Database Does Not Exist",
    result: [],
    run: checkDatabase,
  },
  { name: "Validate Automatic Bootstrap: Impersonation Role Does Not Exist", run: checkRole },
  { name: "Validate Automatic Bootstrap: User Grants", run: checkGrants },
  {
    name: "Validate Manual Bootstrap: Immuta Database Exists",
    // The first test has connected to it.
    run: async ({ request }) => (isManualSetUp(request) ? "passed" : "skipped"),
  },
  { name: "Validate Manual Bootstrap: Managed Schemas Exist", run: checkSchemas },
  { name: "Validate Manual Bootstrap: Script Matches Payload", run: checkFingerprint },
  { name: "Initial Validation: Case Sensitive Identifiers Disabled", run: checkFolding },
  { name: "Initial Validation: Cross-Database Support", run: checkCrossDatabase },
]

/** Runs every test that applies, in order; those behind one that failed are skipped. Never rejects for what a server does. */
export async function checkServer(
  { temporaryPasswords, tlsOf }: ServerEntrances,
  request: CheckRequest,
): Promise<CheckedServer> {
  const token = await tokenOf(temporaryPasswords, request)
  if ("failure" in token) return { results: resultsOf(token.failure), dialect: undefined }
  const { results, dialect } = await askServer(request, { ...token.login, tls: tlsOf(request.config.host) })
  return { results: resultsOf([...results, ...token.tests]), dialect }
}

const connection = { name: connectionTest, result: [null] }
const oktaTest = { name: "Initial Validation: Okta Token" }

/** What the server is entered with, and the test of it where it comes from Okta. */
async function tokenOf(
  passwords: TemporaryPasswords,
  { config, credentials, manner }: CheckRequest,
): Promise<{ login: Omit<EnterAs, "tls">; tests: ValidationTest[] } | { failure: ValidationTest[] }> {
  const { host, database: managed, initialDatabase } = config
  // The automatic set-up begins in the initial database, the manual one has made the other, and an account.
  const entry: OktaEntry =
    manner === "automatic"
      ? { host, database: initialDatabase.toLowerCase() }
      : { host, database: managed.toLowerCase(), user: credentials.username.toLowerCase() }
  try {
    const login = { ...(await loginBy(passwords, credentials, entry)()), database: entry.database }
    return { login, tests: credentials.type === "okta" ? [{ ...oktaTest, status: "passed" }] : [] }
  } catch (error) {
    if (!(error instanceof ServerRefusal)) throw error
    return { failure: [{ ...connection, status: "skipped" }, failed(oktaTest, error.message)] }
  }
}

type EnterAs = Omit<ServerLogin, "host" | "port">

async function askServer(
  request: CheckRequest,
  login: EnterAs,
): Promise<{ results: ValidationTest[]; dialect: SetupDialect | undefined }> {
  const { host, port } = request.config
  let session: ServerSession | undefined
  try {
    session = await connectServer({ host, port, ...login })
    const [row] = await session.ask(versionQuery)
    const version = String(row?.version)
    const dialect = dialectOfVersion(version)
    if (dialect === undefined) return { results: [failed(connection, unservedServer)], dialect: undefined }
    const tests: ValidationTest[] = [{ ...connection, status: "passed" }]
    for (const check of checks) tests.push(await tested(check, tests, { session, dialect, request }))
    return { results: tests, dialect }
  } catch (error) {
    if (!(error instanceof ServerRefusal)) throw error
    return { results: [failed(connection, error.message)], dialect: undefined }
  } finally {
    await session?.close()
  }
}

async function tested(
  { name, result, run }: Check,
  before: readonly ValidationTest[],
  checked: Checked,
): Promise<ValidationTest> {
  const head = { name, ...(result && { result }) }
  if (before.some(({ status }) => status === "failed")) return { ...head, status: "skipped" }
  try {
    const verdict = await run(checked)
    if (typeof verdict === "string") return { ...head, status: verdict }
    if ("failed" in verdict) return failed(head, verdict.failed)
    return { ...head, status: "warning", message: verdict.warning }
  } catch (error) {
    if (error instanceof ServerRefusal) return failed(head, error.message)
    throw error
  }
}

function failed(head: { name: string; result?: readonly unknown[] }, message: string): ValidationTest {
  return { ...head, status: "failed", message }
}

/** Ours: of several tests the worst decides. */
export function resultsOf(validationTests: readonly ValidationTest[]): ValidationResults {
  const found = (status: CheckStatus) => validationTests.some((one) => one.status === status)
  const status = found("failed")
    ? "failed"
    : found("warning")
      ? "warning"
      : found("passed")
        ? "passed"
        : "skipped"
  return { status, validationTests }
}

function isManualSetUp({ manner, act }: CheckRequest): boolean {
  return manner === "manual" && act !== "delete"
}

function isAutomatic({ manner, act }: CheckRequest, ...acts: CheckRequest["act"][]): boolean {
  return manner === "automatic" && acts.includes(act)
}

function isSingle({ config }: CheckRequest): boolean {
  return config.database.toLowerCase() === config.initialDatabase.toLowerCase()
}

async function checkDatabase({ session, dialect, request }: Checked): Promise<Verdict> {
  if (!isAutomatic(request, "create")) return "skipped"
  const name = request.config.database.toLowerCase()
  if (dialect === "millrace" && portsOwnDatabases.includes(name))
    return { failed: `The port keeps the name ${name} for itself: name another database.` }
  if (isSingle(request)) return await checkNoSchemas(session)
  if (name.length > longestNameBytes[dialect])
    return { failed: `The server takes names of at most ${longestNameBytes[dialect]} bytes.` }
  const found = await session.ask(databaseQuery(name))
  if (found.length === 0) return "passed"
  return {
    failed: `There is a database ${name}. Name a new one, or give the same name as database and initialDatabase to have the managed schemas made in it.`,
  }
}

/** In a database of the customer's nothing may have the names of what a failed set-up would drop. */
async function checkNoSchemas(session: ServerSession): Promise<Verdict> {
  const found = (await session.ask(schemasQuery)).map(({ name }) => String(name))
  return found.length === 0
    ? "skipped"
    : {
        failed: `There are schemas ${found.toSorted().join(", ")} already: drop them, if nothing needs them.`,
      }
}

export const noGroups =
  "An SQL port of Millrace has no groups and no procedures: set impersonation.enabled to false."

async function checkRole({ session, dialect, request }: Checked): Promise<Verdict> {
  const { enabled, role } = request.config.impersonation
  if (!enabled || role === undefined || request.act === "delete") return "skipped"
  if (!hasOwners(dialect)) return { failed: noGroups }
  if (!isAutomatic(request, "create", "edit")) return "skipped"
  const name = role.toLowerCase()
  if (name === request.previousRole?.toLowerCase()) return "skipped"
  if (name.length > longestNameBytes[dialect])
    return { failed: `The server takes names of at most ${longestNameBytes[dialect]} bytes.` }
  const found = await session.ask(groupQuery(name))
  return found.length === 0
    ? "passed"
    : { failed: `There is a group ${name}. Drop it, or name another role.` }
}

async function checkGrants({ session, dialect, request }: Checked): Promise<Verdict> {
  if (!isAutomatic(request, "create", "edit")) return "skipped"
  const [row] = await session.ask(grantsQuery(dialect))
  if (row?.allowed === true) return "passed"
  return {
    failed: hasOwners(dialect)
      ? "The account must be a superuser, or be allowed to create databases and users."
      : "The account must be an administrator of the SQL port.",
  }
}

async function checkSchemas({ session, request }: Checked): Promise<Verdict> {
  if (!isManualSetUp(request)) return "skipped"
  const found = (await session.ask(schemasQuery)).map(({ name }) => name)
  const missing = managedSchemas.filter((name) => !found.includes(name))
  return missing.length === 0
    ? "passed"
    : {
        failed: `Schemas are missing: ${missing.join(", ")}. Run the scripts of scripts/initial-create and scripts/create first.`,
      }
}

async function checkFingerprint({ session, request }: Checked): Promise<Verdict> {
  if (!isManualSetUp(request)) return "skipped"
  const [row] = await session.ask(fingerprintQuery)
  return row?.fingerprint === request.fingerprint
    ? "passed"
    : {
        failed:
          "The scripts that were run are of another payload: send the payload that they were made of, or run new ones.",
      }
}

async function checkFolding({ session, dialect, request }: Checked): Promise<Verdict> {
  const question = foldsQuery(dialect)
  if (request.act === "delete") return "skipped"
  if (question === undefined) return "passed"
  const [row] = await session.ask(question)
  return row?.folds === true ? "passed" : { failed: "Set enable_case_sensitive_identifier to false." }
}

async function checkCrossDatabase({ dialect, request }: Checked): Promise<Verdict> {
  if (request.act !== "create" || isSingle(request)) return "skipped"
  const advice = "To govern the tables of one database, give its name as database and initialDatabase."
  switch (crossDatabase(dialect)) {
    case "always":
      return "passed"
    case "never":
      return { warning: `A view of this server shows tables of its own database only. ${advice}` }
    case "unknown":
      return { warning: `Views over other databases need RA3 nodes or a serverless workgroup. ${advice}` }
  }
}
