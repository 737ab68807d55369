import { rm } from "node:fs/promises"
import { join } from "node:path"
import { encryptionContext } from "../control-plane/integrations/encryption.ts"
import type { ReachOptions } from "../control-plane/reconciler/reach.ts"
import type { SourceProtectionOptions } from "../control-plane/reconciler/source-protection.ts"
import type { SourceRemainsOptions } from "../control-plane/reconciler/source-remains.ts"
import type { PipelineLauncher, PipelinePlace } from "../control-plane/running-pipelines/pipeline-launcher.ts"
import type { RetentionWatchOptions } from "../control-plane/running-pipelines/retention-watch.ts"
import type { KmsKeyConfiguration, SourceConfiguration } from "../domain/configuration.ts"
import type { Integration } from "../domain/integration.ts"
import { Problem } from "../domain/problems.ts"
import { type KeyRing, newKeyRing } from "../encryption/key-ring.ts"
import type { SourceEngine } from "../engines/source-engine.ts"
import { tableSelection } from "../engines/table-selection.ts"
import type { TableSelection } from "../replication/contracts/source.ts"
import { type PipelineReporter, startPipeline } from "../replication/pipeline.ts"
import type { RetentionActions } from "../replication/spool/retention-actions.ts"
import type { AtRest } from "../replication/spool/sealing.ts"
import { openSpool } from "../replication/spool/spool.ts"
import type { Waits } from "../replication/waits.ts"
import type { WriteObserver } from "../replication/write-order.ts"
import type { PipelineRecord } from "../state/pipelines.ts"
import type { Sources } from "./sources.ts"
import type { OpenWarehouses } from "./warehouses.ts"

/** Asks a source, by ARN, what it keeps for pipelines; nothing of one that is no longer configured. */
export function retentionReader(sources: Sources): RetentionWatchOptions["read"] {
  return async (sourceArn, database, handles) => {
    const configuration = sources.byArn(sourceArn)
    return configuration === undefined
      ? new Map()
      : await sources.open(configuration, { database }).retention(handles)
  }
}

/** Looks after a source, by ARN; not after one that is no longer configured. */
export function sourceProtector(sources: Sources): SourceProtectionOptions["protect"] {
  return (sourceArn, database, options) => {
    const configuration = sources.byArn(sourceArn)
    return configuration && sources.open(configuration, { database }).protect?.(options)
  }
}

/** Resolves when the source answers, if only that it refuses us: another host would hear the same. Throws Problem. */
export function sourceAsker(sources: Sources): ReachOptions["askSource"] {
  return async (arn, database) => {
    const configuration = sources.byArn(arn)
    if (configuration === undefined)
      throw new Problem("sourceMissing", `The configuration no longer names ${arn}.`)
    const { answers, currentPosition } = sources.open(configuration, { database })
    try {
      await (answers ?? currentPosition)()
    } catch (error) {
      if (!(error instanceof Problem) || error.kind === "sourceUnreachable") throw error
    }
  }
}

/** Removes what is left at a source, by ARN. Throws Problem, also when it is no longer configured. */
export function remainsCleaner(sources: Sources): SourceRemainsOptions["clean"] {
  return async ({ sourceArn, sourceDatabase: database, sourceHandle }) => {
    const configuration = sources.byArn(sourceArn)
    if (configuration === undefined)
      throw new Problem("sourceMissing", `The configuration no longer names ${sourceArn}.`)
    await sources.open(configuration, { database }).remove(sourceHandle)
  }
}

function reliefOf({ retention }: SourceConfiguration): RetentionActions {
  switch (retention?.policy) {
    case undefined:
    case "hold":
      return "hold"
    case "spool":
      return "spool"
    case "drop_and_resync":
      return "letGo"
  }
}

/** Adds the engine's own advice to problems that are reported. */
function advising(reporter: PipelineReporter, { advice = {} }: SourceEngine): PipelineReporter {
  return {
    ...reporter,
    problem(problem) {
      if (problem !== undefined) problem.advice ??= advice[problem.kind]
      reporter.problem(problem)
    },
  }
}

/** The tables that a filter, which may change, takes of one source database. */
function selectionOf(
  sources: Sources,
  configuration: SourceConfiguration,
  dataFilter: () => string | undefined,
  database: string,
): TableSelection {
  const engine = sources.engines.of(configuration)
  const selection = engine.delivery === "tables" ? engine.selection : nothingToChoose
  return tableSelection(selection, dataFilter, database)
}

const nothingToChoose = { kind: "whole", databaseOf: () => "" } as const

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

function placeIn(
  warehouses: OpenWarehouses,
  { id, targetArn }: Integration,
  { destinationDatabase }: PipelineRecord,
): PipelinePlace {
  const file = warehouses.fileOf(targetArn, destinationDatabase)
  return {
    isPinned: warehouses.isPinned(targetArn),
    ...(file !== undefined && { file }),
    isHere: async () => (await warehouses.byArn(targetArn)?.holds(destinationDatabase, id)) ?? false,
  }
}

export interface LauncherOptions {
  sources: Sources
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
    const found = sources.byArn(integration.sourceArn)
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
      const source = sources.open(configuration, {
        database: record.sourceDatabase,
        acceptInvalidText: settings.options().acceptInvalidCharacters,
        nativeTypes: warehouses.typesOf(integration.targetArn) === configuration.engine,
      })
      const atRest = atRestOf(keyRing, integration)
      return startPipeline({
        generation: settings.generation,
        name: integration.id,
        handle: record.sourceHandle,
        source,
        warehouse,
        database: record.destinationDatabase,
        select: selectionOf(sources, configuration, () => settings.dataFilter(), record.sourceDatabase),
        reporter: advising(reporter, sources.engines.of(configuration)),
        observe,
        relief: reliefOf(configuration),
        atRest,
        spool: () =>
          openSpool({
            folder: spoolFolder(record),
            // What another policy has left is used up.
            limitBytes: configuration.retention?.spoolLimitBytes ?? 0,
            compare: source.compare,
            atRest,
          }),
        settings,
        waits: options.waits,
      })
    },
    async dropDatabase(integration, { destinationDatabase }, generation) {
      const warehouse = warehouses.byArn(integration.targetArn)
      if (warehouse === undefined)
        throw new Problem("warehouseMissing", `The configuration no longer names ${integration.targetArn}.`)
      await warehouse.drop(destinationDatabase, { pipeline: integration.id, generation })
    },
    configured: sources.byArn,
    place: (integration, record) => placeIn(warehouses, integration, record),
    removal(integration, record) {
      const configuration = sources.byArn(integration.sourceArn)
      if (configuration === undefined) return undefined
      return sources.open(configuration, { database: record.sourceDatabase }).removal?.(record.sourceHandle)
    },
    async cleanSource(integration, record) {
      await rm(spoolFolder(record), { recursive: true, force: true })
      const source = sources.open(sourceOf(integration), { database: record.sourceDatabase })
      await source.remove(record.sourceHandle)
    },
  }
}
