import type { Kysely } from "kysely"
import type { KeptKeys } from "../../encryption/kept-key.ts"
import type { Person } from "../../governance/model/person.ts"
import type { GovernedColumn } from "../../governance/model/source.ts"
import type { StateSchema } from "../schema.ts"
import { type GovernanceFacts, type PeopleFacts, readGovernance, readPeople, readPersonOf } from "./facts.ts"
import { saltStore } from "./salts.ts"
import { recordColumns } from "./sources.ts"
import { type Change, type Db, inChange, inSnapshot } from "./transactions.ts"
import { currentVersion } from "./version.ts"

/**
 * People, groups, tags, sources, purposes, projects, subscriptions and policies. The functions on each are in the file of its
 * name, and run inside `change` or `read`.
 */
export interface GovernanceStore {
  /** Rises with every change of anything here. A subscription whose time is over counts as one. One row is read. */
  version(): Promise<number>
  /** All that policies are made of, of one version. */
  facts(): Promise<GovernanceFacts>
  /** People whose facts changed after this version; 0: everyone. */
  people(since: number): Promise<PeopleFacts>
  /** The person of this account in warehouses; undefined: nobody. */
  personOf(account: string): Promise<Person | undefined>
  /** What a warehouse says of a source's columns. True: this is a change, and raised the version. */
  recordColumns(sourceId: number, columns: readonly Omit<GovernedColumn, "tags">[]): Promise<boolean>
  /** The secrets that are added before hashing, by `saltId`. @throws Problem keyNotAccessible */
  salts(): Promise<Map<string, Buffer>>
  /** Changes are made one after another; one that throws leaves everything as it was. */
  change<T>(run: (change: Change) => Promise<T>): Promise<T>
  /** Reads see one moment. */
  read<T>(run: (db: Db) => Promise<T>): Promise<T>
}

/** @param keys of the secrets; absent: where there are any, they cannot be read */
export function governanceStore(db: Kysely<StateSchema>, keys?: KeptKeys): GovernanceStore {
  const salts = saltStore(db, keys)
  return {
    version: () => currentVersion(db),
    facts: () => readGovernance(db),
    people: (since) => readPeople(db, since),
    personOf: (account) => readPersonOf(db, account),
    recordColumns: (sourceId, columns) => recordColumns(db, sourceId, columns),
    salts: () => salts.all(),
    change: (run) => inChange(db, run),
    read: (run) => inSnapshot(db, run),
  }
}
