import { Hono } from "hono"
import pg from "pg"
import type { ControlPlane } from "../../src/control-plane/control-plane.ts"
import type { AuditRetention } from "../../src/domain/audit.ts"
import type {
  Credential,
  DatabaseSource,
  RequestLimits,
  SourceConfiguration,
} from "../../src/domain/configuration.ts"
import { registry } from "../../src/engines/registry.ts"
import type { SourceEngine } from "../../src/engines/source-engine.ts"
import { cloudControlDoor } from "../../src/front-doors/cloudcontrol/door.ts"
import { customerProfilesDoor } from "../../src/front-doors/customer-profiles/door.ts"
import { rdsDoor } from "../../src/front-doors/rds/door.ts"
import { redshiftDoor } from "../../src/front-doors/redshift/door.ts"
import { awsRouter } from "../../src/front-doors/router.ts"
import { newSharedThrottle } from "../../src/front-doors/shared-throttle.ts"
import { startRemover } from "../../src/profiles/removal.ts"
import type { ProfilePlane } from "../../src/profiles/services/context.ts"
import type { ResourceHandler } from "../../src/resources/handler.ts"
import { integrationHandlers } from "../../src/resources/integrations/handler.ts"
import { resources } from "../../src/resources/registry.ts"
import { startRequestRunner } from "../../src/resources/requests/runner.ts"
import { engines } from "../../src/server/registries.ts"
import { openStore, type Store } from "../../src/state/store.ts"
import { answerRaw, type HttpEnvironment, type HttpLimits, serveHttp } from "../../src/wire/http/server.ts"
import { stateDatabase } from "../support/postgres/state-database.ts"

/** Where events of profiles may be sent. */
export const allowedWebhook = "http://127.0.0.1:9/hooks"

export const region = "us-east-1"
export const account = "123456789012"
export const instanceArn = `arn:aws:rds:${region}:${account}:db:orders`
export const clusterArn = `arn:aws:rds:${region}:${account}:cluster:crm`
export const tableArn = `arn:aws:dynamodb:${region}:${account}:table/carts`
export const targetArn = `arn:aws:redshift-serverless:${region}:${account}:namespace/8f2c1d3e-0000-4000-8000-000000000001`
export const otherTargetArn = `arn:aws:redshift:${region}:${account}:namespace:8f2c1d3e-0000-4000-8000-000000000002`

export const admin: Credential = {
  accessKeyId: "AKIDADMINEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  role: "admin",
}
export const reader: Credential = {
  accessKeyId: "AKIDREADEREXAMPLE",
  secretAccessKey: "0123456789+/readerREADERreader0123456789",
  role: "read-only",
}

/** The ClusterIdentifiers of the two targets. */
export const clusters = ["analytics", "archive"] as const
export const partner: Credential = {
  accessKeyId: "AKIDPARTNEREXAMPLE",
  secretAccessKey: "partnerPARTNERpartner0123456789+/0123456",
  role: "partner:Fivetran",
}

export interface ServedDoor {
  endpoint: string
  port: number
  store: Store
  profiles: ProfilePlane
  /** The state database, to bring about what only time or a reconciler would. */
  sql(statement: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  /** Everything that was logged, one JSON text per line. */
  logLines: string[]
  close(): Promise<void>
}

export interface ServeOptions {
  stateUrl?: string
  quota?: number
  limits?: HttpLimits
  sources?: string[]
  now?: () => number
  /** Whether there are adapters for the sources; true unless said otherwise. */
  readable?: boolean
  requests?: RequestLimits
  audit?: AuditRetention
  /** By type name; those that the program has unless said otherwise. */
  resourceHandlers?: (plane: ControlPlane, profiles: ProfilePlane) => Record<string, ResourceHandler>
}

/** The RDS door on a real port, over a real state database of its own. */
export async function serveDoor(options: ServeOptions = {}): Promise<ServedDoor> {
  const database = options.stateUrl === undefined ? await stateDatabase() : undefined
  const stateUrl = options.stateUrl ?? database?.url ?? ""
  const quota = options.quota ?? 100
  const store = await openStore(stateUrl, {
    quotas: { perAccount: quota, perTarget: quota, perSource: quota },
    ...(options.audit && { auditRetention: options.audit }),
  })
  const logLines: string[] = []
  const write = (fields: object, message: string) =>
    void logLines.push(JSON.stringify({ ...fields, message }))
  const log = { info: write, warn: write, error: write }
  const plane = planeOver(store, options)
  const requests = store.resourceRequests
  const remover = startRemover({ removals: store.profiles.removals, log })
  const profiles = profilesOver(store, remover.nudge)
  const served = resources({
    handlers: options.resourceHandlers?.(plane, profiles) ?? integrationHandlers(plane),
  })
  const runner = startRequestRunner({ requests, resources: served, log })
  const resourcePlane = { account, region, resources: served, requests, nudge: runner.nudge }
  const router = awsRouter({
    region,
    credentials: [admin, reader, partner],
    doors: [
      rdsDoor(plane, log),
      redshiftDoor(plane, log),
      cloudControlDoor(resourcePlane, store.audit, log),
      customerProfilesDoor(profiles, store.audit, log),
    ],
    log,
    ...(options.now && { now: options.now }),
    ...(options.requests && { throttle: sharedThrottle(store, options.requests) }),
  })
  const app = new Hono<HttpEnvironment>()
  app.all("*", (context) => answerRaw(context, router.handle, router.tooLarge))
  const server = await serveHttp(app, { host: "127.0.0.1", port: 0 }, options.limits)
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    port: server.port,
    store,
    profiles,
    sql: (statement, values = []) => onDatabase(stateUrl, statement, values),
    logLines,
    close: async () => {
      await server.close(0)
      await runner.stop()
      await remover.stop()
      await store.close()
      await database?.drop()
    },
  }
}

function profilesOver(store: Store, nudge: () => void): ProfilePlane {
  return {
    account,
    region,
    store: store.profiles,
    integrations: { account, region, store },
    identity: store.profileIdentity,
    events: store.profileEvents,
    webhooks: [{ url: allowedWebhook, secret: "sixteen-characters" }],
    nudge,
  }
}

function sharedThrottle(store: Store, limits: RequestLimits) {
  const onAlone = (error: unknown) => {
    throw error
  }
  return newSharedThrottle({ limits, buckets: store.requestBuckets, onAlone })
}

/** A control plane without a reconciler: a test moves statuses. */
export function planeOver(
  store: Store,
  { sources = [instanceArn, clusterArn, tableArn], readable = true }: ServeOptions,
): ControlPlane {
  return {
    account,
    region,
    sources: sources.map((arn): SourceConfiguration | DatabaseSource =>
      arn.startsWith("arn:aws:dynamodb:")
        ? { arn, engine: "dynamodb" }
        : { arn, engine: "postgres", url: "postgres://nobody:s3cret@127.0.0.1:1/none" },
    ),
    warehouses: [targetArn, otherTargetArn].map((arn, at) => ({
      arn,
      cluster: clusters[at] ?? "",
      engine: "duckdb",
      path: "/nowhere",
      autoCreateDatabase: true,
    })),
    kmsKeys: [],
    sourceEngines: readable ? engines.sources : registry<SourceEngine>(),
    sqlEndpoint: () => ({ host: "127.0.0.1", port: 5439, database: "dev" }),
    store,
    nudge: () => undefined,
  }
}

async function onDatabase(
  url: string,
  statement: string,
  values: unknown[],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(statement, values)).rows
  } finally {
    await client.end()
  }
}
