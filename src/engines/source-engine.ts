import type { EntryFormat } from "../configuration/entries/format.ts"
import type { SourceConfiguration } from "../domain/configuration.ts"
import type { FilterForm } from "../domain/data-filter/data-filter.ts"
import type { ProblemKind } from "../domain/problems.ts"
import type { ObjectStore } from "../loading/object-store.ts"
import type { Finding, Source } from "../replication/contracts/source.ts"

/**
 * An engine that rows can come from: its record in the registry of sources.
 *
 * Members of records and adapters are methods, so that a record of a narrower configuration can be listed beside others:
 * a record is only ever given configurations that name it.
 */
export type SourceEngine = TableSourceEngine | FileSourceEngine

interface SourceTraits<C extends SourceConfiguration> extends EntryFormat<C> {
  /** What the cloud's system views call it, in their column `source`. */
  readonly viewName: string
  /** What it adds to the remedies of problems, by kind: its own settings and statements. */
  readonly advice?: Partial<Record<ProblemKind, string>>
}

/**
 * One whose tables pipelines replicate.
 *
 * @typeParam C the configuration of one source, with what only this engine has
 */
export interface TableSourceEngine<C extends SourceConfiguration = SourceConfiguration>
  extends SourceTraits<C> {
  readonly delivery: "tables"
  readonly selection: SourceSelection<C>
  /** What the RDS API shows of it; absent: that API does not list it. */
  readonly rds?: RdsTraits<C>
  /** The database that `millrace check` connects to; "" where there is none to name. */
  checkedDatabase(configuration: C): string
  /**
   * Present where its servers can be asked for rows by SQL, by flows of customer profiles: a URL, with the password, of a database.
   */
  rowsUrlOf?(configuration: C, database: string): string
  /** Imports the adapter and its driver. */
  load(): Promise<TableAdapter<C>>
}

/** `filter`: an integration's data filter chooses tables. `whole`: all of it goes, and there is no filter. */
export type SourceSelection<C extends SourceConfiguration = SourceConfiguration> =
  | { kind: "filter"; form: FilterForm }
  | { kind: "whole" /** What stands for the source database. */; databaseOf(configuration: C): string }

export interface RdsTraits<C extends SourceConfiguration = SourceConfiguration> {
  /** `Engine` of DescribeDBInstances: `postgres`. */
  instanceEngine: string
  /** `Engine` of DescribeDBClusters: `aurora-postgresql`. */
  clusterEngine: string
  addressOf(configuration: C): DatabaseAddress
}

export interface DatabaseAddress {
  host: string
  /** Undefined: the engine's usual one. */
  port: number | undefined
  /** Undefined: the server's usual one. */
  database: string | undefined
}

export interface TableAdapter<C extends SourceConfiguration = SourceConfiguration> {
  /** Connects to nothing yet. */
  open(configuration: C, options: SourceOptions): Source
}

export interface SourceOptions {
  /** For an engine whose sources are databases of a server; others ignore it. */
  database: string
  /** Text that is not valid in its character set is taken with replacements. */
  acceptInvalidText: boolean
  /** The destination has the source's own types: columns name theirs (`native`), and values travel so that nothing of them is lost. */
  nativeTypes: boolean
}

/** One that holds files, which COPY and its jobs load. */
export interface FileSourceEngine<C extends SourceConfiguration = SourceConfiguration>
  extends SourceTraits<C> {
  readonly delivery: "files"
  /** The bucket that an ARN of this engine names; undefined: an ARN of something else. */
  bucketOf(arn: string): string | undefined
  /** The sentence for who COPYs from a bucket that millrace.yaml does not list. */
  notConfigured(bucket: string): string
  /** Imports the adapter and its driver. */
  load(): Promise<FileAdapter<C>>
}

export interface FileAdapter<C extends SourceConfiguration = SourceConfiguration> {
  /** Connects to nothing yet. `region`: of the cloud, where no endpoint is configured. */
  open(configuration: C, region: string): ObjectStore
  /** Whether it can be read, and learn of new objects. @throws Problem when it cannot be listed */
  preflight(configuration: C, region: string): Promise<Finding[]>
}

/** How an integration's data filter is written; undefined: its sources have none. */
export function filterForm(engine: SourceEngine | undefined): FilterForm | undefined {
  return engine?.delivery === "tables" && engine.selection.kind === "filter"
    ? engine.selection.form
    : undefined
}

/** What a URL of a database server says of its place; no user, no password. */
export function addressOfUrl({ url }: { url: string }): DatabaseAddress {
  const { hostname, port, pathname } = new URL(url)
  return {
    host: hostname,
    port: port === "" ? undefined : Number(port),
    database: decodeURIComponent(pathname.slice(1)) || undefined,
  }
}
