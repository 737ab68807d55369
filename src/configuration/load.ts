import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { LineCounter, parseDocument } from "yaml"
import type { Configuration, KmsKeyConfiguration } from "../domain/configuration.ts"
import { crossChecks } from "./cross-checks.ts"
import type { EngineFormats } from "./entries/format.ts"
import { mistakeLine, mistakesOf } from "./mistakes.ts"
import { fillIn } from "./references.ts"
import { type ConfigurationFile, configurationFormat, defaultPlace } from "./schema.ts"
import { readKmsKeys } from "./secrets/kms-keys.ts"
import { securedUrl, tlsFrom } from "./tls/block.ts"
import { libpqTls } from "./tls/settings.ts"
import { intrusion } from "./trust/trusted-path.ts"
import { type ConfigurationUse, usedPart, withUsualLists } from "./used-part.ts"

export type LoadedConfiguration = { ok: Configuration } | { mistakes: string[] }

const usualName = "millrace.yaml"

/** Any fixed id does: it names the one warehouse of a machine that configures none. */
const defaultNamespace = "3f0c5d1e-6a57-4b0e-9a54-0d6d696c6c72"

/**
 * Reads millrace.yaml and puts in what it leaves out; every path of the result is absolute (those in the file are
 * relative to it). Without a path: millrace.yaml of the working directory, and if there is none, no sources and one warehouse.
 * Every mistake is one line that names its key and repeats no value. Keys that `use` has no need of are neither filled in
 * nor judged.
 */
export function loadConfiguration(
  path: string | undefined,
  environment: Record<string, string | undefined>,
  engines: EngineFormats,
  use: ConfigurationUse = "run",
): LoadedConfiguration {
  const written = writtenConfiguration(path)
  if ("mistakes" in written) return written
  const { file, document } = written
  if (document === undefined) return { ok: defaultConfiguration(dirname(file), engines) }
  const filled = fillIn(usedPart(document, use), { environment, folder: dirname(file) })
  const format = configurationFormat(engines)
  const whole = withUsualLists(filled.document, use, usualWarehouse(engines, filled.document))
  const checked = format.file.safeParse(whole)
  if (checked.success && filled.mistakes.length === 0) return assemble(checked.data, file)
  // What stands where a variable should be is not judged as well.
  const unfilled = new Set(filled.mistakes.map(({ path }) => path.join("/")))
  const wrong = checked.success ? [] : mistakesOf(checked.error.issues, whole, format)
  const others = wrong.filter(({ path }) => !unfilled.has(path.join("/")))
  return { mistakes: [...filled.mistakes, ...others].map(mistakeLine) }
}

/** millrace.yaml as it is written: references are not followed, nothing but its YAML is judged. */
export type WrittenConfiguration =
  | { file: string /** `undefined`: no path was given, and there is no such file. */; document: unknown }
  | { mistakes: string[] }

/** @param path of the file; absent: millrace.yaml of the working directory, which need not be there */
export function writtenConfiguration(path: string | undefined): WrittenConfiguration {
  const file = resolve(path ?? usualName)
  const read = readText(file)
  if ("mistake" in read) return { mistakes: [`${file}: ${read.mistake}`] }
  if (read.text === undefined)
    return path === undefined
      ? { file, document: undefined }
      : { mistakes: [`${file}: there is no such file`] }
  const parsed = parseYaml(read.text)
  return "mistakes" in parsed ? parsed : { file, document: parsed.document }
}

function readText(file: string): { text: string | undefined } | { mistake: string } {
  try {
    const text = readFileSync(file, "utf8")
    const others = intrusion(file)
    return others === undefined ? { text } : { mistake: others }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined
    if (code === "ENOENT" || code === "ENOTDIR") return { text: undefined }
    if (code === "EACCES" || code === "EPERM") return { mistake: "may not be read by this user" }
    if (code === "EISDIR") return { mistake: "is a folder, not a file" }
    throw error
  }
}

/** The parser's own messages quote the text, and with it perhaps a secret: only kind and place are told. */
function parseYaml(text: string): { document: unknown } | { mistakes: string[] } {
  const lines = new LineCounter()
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines })
  if (document.errors.length > 0) {
    return {
      mistakes: document.errors.map(({ code, pos }) => {
        const { line, col } = lines.linePos(pos[0])
        return `line ${line}, column ${col}: not valid YAML (${code.toLowerCase().replaceAll("_", " ")})`
      }),
    }
  }
  try {
    return { document: document.toJS() ?? {} }
  } catch (error) {
    // An alias to nothing, or aliases that unfold without end.
    if (!(error instanceof ReferenceError)) throw error
    return { mistakes: ["not valid YAML (an alias that cannot be resolved)"] }
  }
}

/** What applies where nothing is configured: no sources, one warehouse, everything in `folder`/.millrace. */
export function defaultConfiguration(folder: string, engines: EngineFormats): Configuration {
  const file = configurationFormat(engines).file.parse({
    sources: [],
    warehouses: [usualWarehouse(engines, {})],
  })
  return configurationFrom(file, resolve(folder), [])
}

/** In the document's region, where that is text: what else it may be is judged at its own place. */
function usualWarehouse(
  engines: EngineFormats,
  document: unknown,
): { arn: string; engine: string | undefined } {
  const place: { account?: unknown; region?: unknown } = { ...defaultPlace, ...Object(document) }
  const engine = engines.warehouses.records[0]?.name
  return {
    arn: `arn:aws:redshift-serverless:${place.region}:${place.account}:namespace/${defaultNamespace}`,
    engine,
  }
}

function assemble(file: ConfigurationFile, path: string): LoadedConfiguration {
  const folder = dirname(path)
  const { keys, mistakes: unreadable } = readKmsKeys(file.kms_keys, folder)
  const configuration = configurationFrom(file, folder, keys)
  const mistakes = unreadable.length > 0 ? unreadable : crossChecks(configuration)
  return mistakes.length === 0
    ? { ok: { ...configuration, file: path } }
    : { mistakes: mistakes.map(mistakeLine) }
}

function configurationFrom(
  file: ConfigurationFile,
  folder: string,
  kmsKeys: KmsKeyConfiguration[],
): Configuration {
  const dataDir = resolve(folder, file.data_dir)
  return {
    account: file.account,
    region: file.region,
    dataDir,
    listen: listenFrom(file.listen, folder),
    stateUrl: stateUrlFrom(file.state, folder),
    log: file.log,
    credentials: file.credentials.map((one) => ({
      accessKeyId: one.access_key_id,
      secretAccessKey: one.secret_access_key,
      role: one.policy,
    })),
    sqlUsers: file.sql_users.map(({ name, password, policy }) => ({ name, password, role: policy })),
    sqlLimits: file.sql_limits,
    httpLimits: {
      connections: file.http_limits.connections,
      connectionsPerAddress: file.http_limits.connections_per_address,
    },
    sources: file.sources.map((entry) => entry({ folder, dataDir })),
    warehouses: file.warehouses.map((entry) => entry({ folder, dataDir })),
    kmsKeys,
    throttling: { perSecond: file.throttling.requests_per_second, burst: file.throttling.burst },
    audit: { days: file.audit.keep_days, rows: file.audit.keep_rows },
    governance: governanceOf(file.governance, folder),
    console: file.console,
    quotas: {
      perAccount: file.quotas.per_account,
      perTarget: file.quotas.per_warehouse,
      perSource: file.quotas.per_source,
    },
    ...(file.events && { webhook: { url: file.events.webhook, secret: file.events.secret } }),
    profileWebhooks: file.profile_webhooks,
    alerts: file.alerts,
    ...(file.isolation.engine_memory !== undefined && { engineMemoryBytes: file.isolation.engine_memory }),
    ...(file.profiles && {
      profiles: {
        fileFolders: file.profiles.file_folders.map((path) => resolve(folder, path)),
        internalHosts: file.profiles.internal_hosts,
      },
    }),
    ...(file.verify && { verifyEveryMs: file.verify.every }),
  }
}

function stateUrlFrom(state: ConfigurationFile["state"], folder: string): string | undefined {
  return typeof state === "object" ? securedUrl(state, folder, libpqTls) : state
}

function governanceOf(
  { validate_every: validateEveryMs, tls, servers, okta }: ConfigurationFile["governance"],
  folder: string,
): Configuration["governance"] {
  return {
    validateEveryMs,
    ...(tls && { tls: tlsFrom(tls, folder) }),
    servers: servers.map((one) => ({ host: one.host, tls: tlsFrom(one.tls, folder) })),
    okta,
  }
}

function listenFrom(
  { http, sql, health, worker_health: workerHealth, tls }: ConfigurationFile["listen"],
  folder: string,
): Configuration["listen"] {
  const ports = {
    http,
    sql,
    ...(health !== undefined && { health }),
    ...(workerHealth !== undefined && { workerHealth }),
  }
  if (tls === undefined) return ports
  const { cert, key, ca, unencrypted, http_unencrypted: httpUnencrypted } = tls
  const files = cert !== undefined &&
    key !== undefined && { cert: resolve(folder, cert), key: resolve(folder, key) }
  const others = {
    ...(httpUnencrypted !== undefined && { httpUnencrypted }),
    ...(ca !== undefined && { ca: ca === "system" ? ca : resolve(folder, ca) }),
  }
  return { ...ports, tls: { unencrypted, ...files, ...others } }
}
