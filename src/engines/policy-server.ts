/** What an engine offers whose own server applies policies: people ask views there, and reach no governed table. */
import type { TlsSettings } from "../configuration/tls/settings.ts"
import type { Person } from "../governance/model/person.ts"
import type { GovernedColumn, RelationName } from "../governance/model/source.ts"
import type { SourcePlan } from "../governance/plan/plan.ts"

export type TablePlace = Pick<RelationName, "schema" | "name">

/** A governed table as it is now. */
export interface SeenTable extends TablePlace {
  /** Another one when another table has taken the place, or the account may read it since. */
  identity: string
  /** Why no view can show it, with the statement that mends it; absent: one can. */
  unreadable?: string
  columns: Omit<GovernedColumn, "tags">[]
}

/** What readers shall see in one database, of one version of the policies. */
export interface WantedPolicies {
  version: number
  /** Of the installation: versions of two installations are not compared. */
  installation: string
  people: WantedPeople
  /** Accounts of the people who may read as others. */
  impersonators: readonly string[]
  /** A source's plan; a text: why there is none. Then it has no view. */
  sources: readonly { id: number; view: TablePlace; table: TablePlace; plan: SourcePlan | string }[]
  /** Tables that nobody may be granted by Millrace; absent names: all there are. */
  closed: readonly { schema?: string; name?: string }[]
  /** By id, those that the plans need. */
  secrets: ReadonlyMap<string, string>
}

/** `changed`: the accounts of `gone` and of `people` have exactly what `people` says; all others stay as they are. */
export type WantedPeople =
  | { kind: "all"; people: readonly Person[] }
  | { kind: "changed"; people: readonly Person[]; gone: readonly string[] }

/** `problem`: why there is no view, in words without values of rows. */
export interface UnshownSource {
  id: number
  problem: string
}

/** Each a sentence without its full stop. Both empty: policies hold. */
export interface ProbeFindings {
  /** What lets people past the policies, with the statement that mends it. */
  leaks: string[]
  /** Of ours, what somebody has changed: the next `apply` makes it anew. */
  changed: string[]
}

/** One database of a server, for the one who applies policies. Every method rejects with a Problem. */
export interface PolicyDatabase {
  /** The tables of these that are there. */
  tables(places: readonly TablePlace[]): Promise<SeenTable[]>
  /**
   * Makes readers see just this, in one transaction: they see all of before or all of after. Answers the sources that have no view.
   *
   * @throws PoliciesAreHeld
   */
  apply(wanted: WantedPolicies): Promise<UnshownSource[]>
  /** Keeps everybody from the views until the next `apply`; waits for no reader. */
  closeViews(): Promise<void>
  /** Proves that policies hold: reads, as somebody without rights, every view and every table behind one. */
  probe(wanted: Pick<WantedPolicies, "sources">): Promise<ProbeFindings>
  close(): Promise<void>
}

/** A reader has a view in an open statement or transaction: nothing was changed. */
export class PoliciesAreHeld extends Error {
  constructor(options?: ErrorOptions) {
    super("readers hold the views in open transactions", options)
    this.name = "PoliciesAreHeld"
  }
}

export interface PolicyServer {
  /** @throws Problem */
  open(database: string): Promise<PolicyDatabase>
}

/** A server that is not of the installation: it was set up by the integrations API, and its tables are others'. */
export interface GovernedHost {
  host: string
  port: number
  /** The database that holds what was set up, and all governed tables. */
  database: string
  tls: TlsSettings
  /** What the account of the set-up signs in with, each time. @throws Error without secrets */
  login(): Promise<{ user: string; password: string }>
}
