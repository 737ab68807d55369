/**
 * The cloud's system views as virtual tables: each statement shows what is when it begins, to each user what that user may see.
 * The facts come from the control plane; which rows are whose is decided here.
 */
import type {
  SystemViewFacts,
  SystemViewKind,
  WantsDatabase,
} from "../../control-plane/databases/system-views.ts"
import { type VirtualCaller, type VirtualFilter, type VirtualTable, wants } from "../virtual-table.ts"
import { copyViews } from "./copy-views.ts"
import { integrationViews } from "./integration-views.ts"
import type { SystemView } from "./system-view.ts"

/** Where the facts come from: those of the kinds asked for, of the databases wanted at least. May throw Fault. */
export type SystemViewReader = (
  kinds: ReadonlySet<SystemViewKind>,
  wants: WantsDatabase,
) => Promise<SystemViewFacts>

/** `read` absent: they stay empty. */
export function systemViewTables(read: SystemViewReader | undefined): VirtualTable[] {
  const views = Object.entries({ ...integrationViews, ...copyViews })
  return views.map(([name, view]) => tableOf(name, view, read))
}

function tableOf(name: string, view: SystemView, read: SystemViewReader | undefined): VirtualTable {
  const columns = Object.entries(view.columns).map(([column, type]) => ({ name: column, type }))
  return {
    name,
    schema: "pg_catalog",
    readableBy: view.readableBy,
    columns,
    rows: async (caller, filter) => {
      if (read === undefined) return []
      const facts = await factsFor(caller, view.kind, (kinds) => read(kinds, wantsDatabase(filter)))
      return view.rows(facts).filter((row) => isWanted(row, filter))
    },
  }

  function isWanted(row: ReturnType<SystemView["rows"]>[number], filter: VirtualFilter): boolean {
    return columns.every((column, at) => wants(filter, column, row[at]))
  }
}

/** Rows of many tables are counted: only of databases that are asked for. */
function wantsDatabase(filter: VirtualFilter): WantsDatabase {
  const databases = filter.valuesOf("target_database")
  return (database) => databases === undefined || databases.has(database)
}

async function factsFor(
  { user, access }: VirtualCaller,
  kind: SystemViewKind,
  read: (kinds: ReadonlySet<SystemViewKind>) => Promise<SystemViewFacts>,
): Promise<SystemViewFacts> {
  if (access.isSuperuser) return read(new Set([kind]))
  // Messages name their job only, and the job its owner.
  return ownFacts(await read(new Set([kind, "copyJobs"])), user)
}

/** Nothing of integrations, and of COPY the user's own jobs and loads. */
function ownFacts(facts: SystemViewFacts, user: string): SystemViewFacts {
  const copyJobs = facts.copyJobs.filter(({ owner }) => owner === user)
  const own = new Set(copyJobs.map(({ id }) => id))
  return {
    integrations: [],
    tables: [],
    activities: [],
    stateChanges: [],
    copyJobs,
    copyFiles: facts.copyFiles.filter(({ job }) => job.owner === user),
    copyMessages: facts.copyMessages.filter(({ jobId }) => own.has(jobId)),
    loadErrors: facts.loadErrors.filter((error) => error.user === user),
    loadRuns: facts.loadRuns.filter((run) => run.user === user),
  }
}
