import { canonicalText, type DataFilter, pipelineDatabases } from "../../domain/data-filter/data-filter.ts"
import { Fault } from "../../domain/faults.ts"
import {
  type Destination,
  type Integration,
  type IntegrationService,
  modifiableStatuses,
} from "../../domain/integration.ts"
import { filterForm } from "../../engines/source-engine.ts"
import type { IntegrationPatch } from "../../state/integrations/integration-rows.ts"
import type { Caller, ControlPlane } from "../control-plane.ts"
import { requireAdmin } from "../sql-users/roles.ts"
import {
  changeIf,
  checkDescription,
  checkName,
  destinationsOf,
  parsedFilter,
  refuseStatus,
  requireIntegration,
  waitingFor,
} from "./integrations.ts"

export interface ModifyIntegrationInput {
  service: IntegrationService
  integrationIdentifier: string
  integrationName?: string | undefined
  description?: string | undefined
  dataFilter?: string | undefined
}

/**
 * Changes name and description at once; the warehouse databases keep their names. Another filter is recorded, `modifying`,
 * and then acts as if it had always been there: the reconciler has the pipelines take what it takes.
 *
 * @throws Fault accessDenied, validation, integrationNotFound, integrationInWrongState, integrationExists (the
 * name, or a database's, is taken), invalidValue (the filter).
 */
export async function modifyIntegration(
  plane: ControlPlane,
  caller: Caller,
  input: ModifyIntegrationInput,
): Promise<Integration> {
  requireAdmin(caller, "modify integrations")
  if (input.integrationName !== undefined) checkName(input.integrationName)
  checkDescription(input.description)
  const found = await requireIntegration(plane, input)
  const patch = {
    ...(input.integrationName !== undefined && { name: input.integrationName }),
    ...(input.description !== undefined && { description: input.description || undefined }),
  }
  const change = input.dataFilter === undefined ? undefined : filterChange(plane, found, input.dataFilter)
  if (change === undefined) return await changeIf(plane, found, modifiableStatuses, patch, "modified")
  if (change.isSame) {
    const respelt = { ...patch, dataFilter: change.text }
    return await changeIf(plane, found, modifiableStatuses, respelt, "modified")
  }
  return await changeFilter(plane, found, patch, change)
}

interface FilterChange {
  text: string
  filter: DataFilter
  /** It takes what the filter before took. */
  isSame: boolean
}

/** @throws Fault invalidValue */
function filterChange(plane: ControlPlane, found: Integration, text: string): FilterChange {
  const source = plane.sources.find(({ arn }) => arn === found.sourceArn)
  if (source === undefined)
    throw new Fault("invalidValue", `The source ${found.sourceArn} is no longer configured.`)
  const form = filterForm(plane.sourceEngines.named(source.engine))
  if (form === undefined)
    throw new Fault("invalidValue", `The source ${found.sourceArn} goes as a whole: it has no data filter.`)
  const filter = parsedFilter(text, form)
  const isSame = canonicalText(parsedFilter(found.dataFilter, form)) === canonicalText(filter)
  return { text, filter, isSame }
}

async function changeFilter(
  plane: ControlPlane,
  found: Integration,
  patch: IntegrationPatch,
  { text, filter }: FilterChange,
): Promise<Integration> {
  const change = { ...patch, dataFilter: text, isFilterPending: true, status: "modifying" as const }
  const destinations = destinationsAfter(plane, found, patch.name ?? found.name, pipelineDatabases(filter))
  const { integrations } = plane.store
  const changed = await integrations.changeFilter(found.id, modifiableStatuses, change, destinations)
  if (changed === undefined) return await refuseStatus(plane, found, modifiableStatuses, "modified")
  plane.nudge()
  return changed
}

/** A database that comes later says in its name which it is: the plain name is, or was, that of another. */
function destinationsAfter(
  { warehouses }: ControlPlane,
  { targetArn }: Integration,
  name: string,
  databases: string[],
): Destination[] {
  const warehouse = warehouses.find(({ arn }) => arn === targetArn)
  return warehouse?.autoCreateDatabase === false
    ? waitingFor(databases)
    : destinationsOf(name, databases, true)
}
