import type {
  HostPort,
  KmsKeyConfiguration,
  Role,
  SourceConfiguration,
  WarehouseConfiguration,
} from "../domain/configuration.ts"
import type { Registry } from "../engines/registry.ts"
import type { SourceEngine } from "../engines/source-engine.ts"
import type { Store } from "../state/store.ts"

/** Who calls, as the door established it. Services decide what the caller may do. */
export interface Caller {
  /** The access key id; written to the log, never the secret. */
  name: string
  role: Role
  /** From where, as far as the door tells. */
  address?: string | undefined
}

/** Where SQL clients connect, and the database that is there from the start. */
export interface SqlEndpoint extends HostPort {
  database: string
}

/** What every service function works on. */
export interface ControlPlane {
  account: string
  region: string
  sources: SourceConfiguration[]
  warehouses: WarehouseConfiguration[]
  /** The keys that integrations may name; what they are stays elsewhere. */
  kmsKeys: Pick<KmsKeyConfiguration, "arn" | "aliases" | "enabled">[]
  /** What this version can read; the configuration may name more. */
  sourceEngines: Registry<SourceEngine>
  /** Where clients ask this warehouse by SQL; undefined until the port is open. */
  sqlEndpoint(warehouse: WarehouseConfiguration): SqlEndpoint | undefined
  store: Store
  /** Asks the reconciler to look now rather than at its next turn. Never throws, returns at once. */
  nudge(): void
}
