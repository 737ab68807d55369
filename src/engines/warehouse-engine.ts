import type { EntryFormat } from "../configuration/entries/format.ts"
import type { HostPort, WarehouseConfiguration } from "../domain/configuration.ts"
import type { CopyWarehouse, OpenSessionTarget } from "../loading/copy-target.ts"
import type { Finding } from "../replication/contracts/source.ts"
import type { Warehouse } from "../replication/contracts/warehouse.ts"
import type { GovernedHost, PolicyServer } from "./policy-server.ts"

/**
 * An engine that rows can go to: its record in the registry.
 *
 * Its members are methods, so that a record of a narrower configuration can be listed beside others: a record is only
 * ever given configurations that name it.
 *
 * @typeParam C the configuration of one warehouse, with what only this engine has
 * @typeParam Queried what sessions of the SQL port are opened on
 */
export interface WarehouseEngine<C extends WarehouseConfiguration = WarehouseConfiguration, Queried = unknown>
  extends EntryFormat<C> {
  /**
   * Any host reaches its warehouses: a pipeline may move to another one. Absent: its rows are in files of the host that opened
   * it, so its pipelines, their spools and the SQL port stay there.
   */
  readonly isMovable?: true
  /** The file with the rows of a destination database, as people find it at the host; of one that is not movable. */
  fileOf?(configuration: C, database: string): string
  /** The name of the source engine whose types it has: what comes from there is held as what it is. Absent: there is none. */
  readonly typesOf?: string
  /** Present where users connect to the engine's own server; then the SQL port shows none of its rows. */
  readonly direct?: DirectAccess<C>
  /** Its own server applies policies: warehouses have `policies`. */
  readonly appliesPolicies?: true
  /** Applies policies in a server that the integrations API has set up. Absent: there are none of this engine. */
  policiesAt?(host: GovernedHost): Promise<PolicyServer>
  /** Opens a warehouse and makes its folders, if need be. @throws Error with what a person can mend in its first line */
  open(configuration: C, options: WarehouseOptions): Promise<OpenWarehouse<Queried>>
  /** What `millrace check` says of a warehouse that is not open here. Changes nothing. */
  preflight(configuration: C): Promise<Finding[]>
}

/** A server that speaks PostgreSQL's protocol, to which users connect themselves. */
export interface DirectAccess<C extends WarehouseConfiguration = WarehouseConfiguration> {
  /** As people call the engine: `PostgreSQL`. */
  readonly title: string
  addressOf(configuration: C): DirectAddress
  /** A URL, with the password, to ask a destination database by; `undefined`: the database that the configuration names. */
  urlOf(configuration: C, database: string | undefined): string
}

export interface DirectAddress extends HostPort {
  /** The database that the configuration names. */
  database: string
}

export interface WarehouseOptions {
  /** Makes a folder of this warehouse's own for staged files, mode 0700, and answers its path. */
  stagingFolder(name: string): Promise<string>
  /** Its share of the machine's memory. */
  memoryLimitBytes: number
}

export interface OpenWarehouse<Queried = unknown> {
  /** What pipelines write into. */
  readonly warehouse: Warehouse
  /** Destination databases and others, also those that cannot be opened. @throws Problem */
  databases(): Promise<string[]>
  /** Databases that are there and cannot be opened; `heal` tries them again. */
  unopened(): UnopenedDatabase[]
  /** Opens anew what the engine has shut off; called about once a second. Absent: it shuts nothing off. */
  heal?(): Promise<WarehouseHealth>
  /** Prepares it for the SQL port. Absent: the SQL port cannot show it. */
  query?(): Promise<QueriedWarehouse<Queried>>
  /** Loads files into its databases. Answers the same one each time. Absent: COPY does not go into it. */
  copies?(): Promise<CopyWarehouse>
  /** Applies policies in its databases. Absent: its own server does not. */
  policies?(): Promise<PolicyServer>
  close(): Promise<void>
}

/** A warehouse that the SQL port shows. */
export interface QueriedWarehouse<Queried> {
  engine: Queried
  /** Loads files within its sessions. */
  targetOn: OpenSessionTarget
}

/** A database that is there and cannot be opened. The others, and their pipelines, run. */
export interface UnopenedDatabase {
  name: string
  /** The engine's reason, without folders. */
  reason: string
  /** What a person can do, with the names of the files. */
  remedy: string
}

/** How an engine that shuts databases off is. */
export type WarehouseHealth =
  | { kind: "well" }
  /** A database was shut off, or its file replaced, and is open again. */
  | { kind: "reopened"; database: string; reason: string }
  /** `isStuck`: something in this process hinders its opening; if that lasts, only a new process helps. */
  | { kind: "shutOff"; database: string; reason: string; isStuck: boolean }
  /** Only a new process helps. */
  | { kind: "dead"; reason: string }
