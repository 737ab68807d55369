import { rm } from "node:fs/promises"
import { join } from "node:path"
import { encryptionContext } from "../control-plane/integrations/encryption.ts"
import type { RetentionWatchOptions } from "../control-plane/pipelines/retention-watch.ts"
import type { PipelineLauncher } from "../control-plane/pipelines/running-pipeline.ts"
import type { SourceProtectionOptions } from "../control-plane/reconciler/source-protection.ts"
import type { SourceRemainsOptions } from "../control-plane/reconciler/source-remains.ts"
import {
  type KmsKeyConfiguration,
  retentionOf,
  type ServiceSource,
  type SourceConfiguration,
  type SourceEngine,
} from "../domain/configuration.ts"
import { includesTable } from "../domain/data-filter/data-filter.ts"
import { parseDataFilter } from "../domain/data-filter/data-filter-parser.ts"
import type { Integration } from "../domain/integration.ts"
import { Problem } from "../domain/problems.ts"
import { parseTableArn } from "../domain/text-forms/arn.ts"
import { type KeyRing, newKeyRing } from "../encryption/key-ring.ts"
import type { Source, TableSelection } from "../replication/contracts/source.ts"
import { startPipeline } from "../replication/pipeline.ts"
import type { RetentionActions } from "../replication/spool/retention-actions.ts"
import type { AtRest } from "../replication/spool/sealing.ts"
import { openSpool } from "../replication/spool/spool.ts"
import type { Waits } from "../replication/waits.ts"
import type { WriteObserver } from "../replication/write-order.ts"
import type { Address as DynamoDbAddress } from "../sources/dynamodb/client.ts"
import { openDynamoDbSource } from "../sources/dynamodb/source.ts"
import { openMysqlSource } from "../sources/mysql/source.ts"
import { openPostgresSource } from "../sources/postgres/source.ts"
import type { PipelineRecord } from "../state/pipelines.ts"
import type { OpenWarehouses } from "./warehouses.ts"

/** Which adapter serves a source. The one place, with warehouses.ts, that names concrete ones. */
export function openSource(
  configuration: SourceConfiguration,
  database: string,
  acceptInvalidText = false,
): Source {
  switch (configuration.engine) {
    case "postgres":
      return openPostgresSource({
        url: configuration.url,
        database,
        failoverSlots: configuration.failoverSlots ?? false,
        acceptInvalidText,
      })
    case "mysql":
      return openMysqlSource({ url: configuration.url })
    case "dynamodb":
      return openDynamoDbSource(dynamoDbAddress(configuration))
    case "s3":
      throw new Problem(
        "internal",
        `${configuration.arn} is a bucket: its files come by COPY, not by a pipeline.`,
      )
  }
}

function dynamoDbAddress(source: ServiceSource): DynamoDbAddress {
  const table = parseTableArn(source.arn)
  const { accessKeyId, secretAccessKey } = source
  return {
    tableName: table?.name ?? "",
    region: table?.region ?? "",
    endpoint: source.endpoint,
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
    unnest: source.unnest ?? [],
  }
}

/** Engines that the configuration may name, and whether there is an adapter that reads them. */
const readable: Record<SourceEngine, boolean> = { postgres: true, mysql: true, dynamodb: true, s3: true }

export function isReadable(engine: SourceEngine): boolean {
  return readable[engine]
}

/** The tables that a filter takes of one source database. @throws Problem when a recorded filter no longer parses. */
function selectionOf(engine: SourceEngine, dataFilter: string | undefined, database: string): TableSelection {
  // What is no database has nothing to choose from.
  if (engine === "dynamodb" || engine === "s3") return () => true
  const parsed = parseDataFilter(dataFilter, engine)
  if (!("ok" in parsed)) throw new Problem("internal", "The integration's data filter cannot be read.")
  // A server is taken as a whole there: its databases come as schemas.
  if (engine === "mysql")
    return ({ schema, name }) => includesTable(parsed.ok, { database: schema, schema, name })
  return (table) => includesTable(parsed.ok, { database, schema: table.schema, name: table.name })
}

/** The same for a filter that may change. */
function currentSelection(
  engine: SourceEngine,
  dataFilter: () => string | undefined,
  database: string,
): TableSelection {
  let parsed = { dataFilter: dataFilter(), select: selectionOf(engine, dataFilter(), database) }
  return (table) => {
    const now = dataFilter()
    if (now !== parsed.dataFilter) parsed = { dataFilter: now, select: selectionOf(engine, now, database) }
    return parsed.select(table)
  }
}

/** Asks a source, by ARN, what it keeps for pipelines; nothing of one that is no longer configured. */
export function retentionReader(sources: readonly SourceConfiguration[]): RetentionWatchOptions["read"] {
  return async (sourceArn, database, handles) => {
    const configuration = sources.find((source) => source.arn === sourceArn)
    return configuration === undefined
      ? new Map()
      : await openSource(configuration, database).retention(handles)
  }
}

/** Looks after a source, by ARN; not after one that is no longer configured. */
export function sourceProtector(sources: readonly SourceConfiguration[]): SourceProtectionOptions["protect"] {
  return (sourceArn, database, options) => {
    const configuration = sources.find((source) => source.arn === sourceArn)
    return configuration && openSource(configuration, database).protect?.(options)
  }
}

/** Removes what is left at a source, by ARN. Throws Problem, also when it is no longer configured. */
export function remainsCleaner(sources: readonly SourceConfiguration[]): SourceRemainsOptions["clean"] {
  return async ({ sourceArn, sourceDatabase, sourceHandle }) => {
    const configuration = sources.find((source) => source.arn === sourceArn)
    if (configuration === undefined)
      throw new Problem("sourceMissing", `The configuration no longer names ${sourceArn}.`)
    await openSource(configuration, sourceDatabase).remove(sourceHandle)
  }
}

function reliefOf(source: SourceConfiguration): RetentionActions {
  switch (retentionOf(source)?.policy) {
    case undefined:
    case "hold":
      return "hold"
    case "spool":
      return "spool"
    case "drop_and_resync":
      return "letGo"
  }
}

/** `undefined`: the integration names no key. */
function atRestOf(keyRing: KeyRing, integration: Integration): AtRest | undefined {
  const { kmsKeyId } = integration
  if (kmsKeyId === undefined) return undefined
  const context = encryptionContext(integration)
  return {
    newDataKey: () => keyRing.newDataKey(kmsKeyId, context),
    openDataKey: (wrapped) => keyRing.openDataKey(kmsKeyId, context, wrapped),
  }
}

export interface LauncherOptions {
  sources: readonly SourceConfiguration[]
  warehouses: OpenWarehouses
  dataDir: string
  kmsKeys: readonly KmsKeyConfiguration[]
  observe: WriteObserver
  waits: Partial<Waits> | undefined
}

export function newLauncher(options: LauncherOptions): PipelineLauncher {
  const { sources, warehouses, dataDir, observe } = options
  const keyRing = newKeyRing(options.kmsKeys)
  const sourceOf = (integration: Integration): SourceConfiguration => {
    const found = sources.find((source) => source.arn === integration.sourceArn)
    if (found === undefined)
      throw new Problem("sourceMissing", `The configuration no longer names ${integration.sourceArn}.`)
    return found
  }
  const spoolFolder = ({ sourceHandle }: PipelineRecord) => join(dataDir, "spool", sourceHandle)
  return {
    start(integration, record, reporter, settings) {
      const configuration = sourceOf(integration)
      const warehouse = warehouses.byArn(integration.targetArn)
      if (warehouse === undefined)
        throw new Problem("warehouseMissing", `The configuration no longer names ${integration.targetArn}.`)
      const { acceptInvalidCharacters } = settings.options()
      const source = openSource(configuration, record.sourceDatabase, acceptInvalidCharacters)
      const atRest = atRestOf(keyRing, integration)
      return startPipeline({
        name: integration.id,
        handle: record.sourceHandle,
        source,
        warehouse,
        database: record.destinationDatabase,
        select: currentSelection(configuration.engine, settings.dataFilter, record.sourceDatabase),
        reporter,
        observe,
        relief: reliefOf(configuration),
        atRest,
        spool: () =>
          openSpool({
            folder: spoolFolder(record),
            // What another policy has left is used up.
            limitBytes: retentionOf(configuration)?.spoolLimitBytes ?? 0,
            compare: source.compare,
            atRest,
          }),
        settings,
        waits: options.waits,
      })
    },
    async dropDatabase(integration, name) {
      const warehouse = warehouses.byArn(integration.targetArn)
      if (warehouse === undefined)
        throw new Problem("warehouseMissing", `The configuration no longer names ${integration.targetArn}.`)
      await warehouse.drop(name)
    },
    removal(integration, record) {
      const configuration = sources.find((source) => source.arn === integration.sourceArn)
      if (configuration === undefined) return undefined
      return openSource(configuration, record.sourceDatabase).removal?.(record.sourceHandle)
    },
    async cleanSource(integration, record) {
      await rm(spoolFolder(record), { recursive: true, force: true })
      await openSource(sourceOf(integration), record.sourceDatabase).remove(record.sourceHandle)
    },
  }
}
