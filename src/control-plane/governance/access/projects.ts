import { randomUUID } from "node:crypto"
import { Fault } from "../../../domain/faults.ts"
import { patchPerson } from "../../../state/governance/people.ts"
import {
  acknowledge,
  acknowledgedBy,
  addSources,
  insertProject,
  type ProjectFields,
  type ProjectOrder,
  type ProjectRecord,
  type ProjectSearch,
  type ProjectSource,
  patchProject,
  projectById,
  projectByKey,
  purposesOf,
  removeProject,
  searchProjects,
  setPurposes,
  sourcesOf,
  takeSources,
} from "../../../state/governance/projects.ts"
import { type PurposeRecord, purposeById, purposesNamed } from "../../../state/governance/purposes.ts"
import type { GovernanceStore } from "../../../state/governance/store.ts"
import {
  putSubscription,
  type SubscriptionRecord,
  subscriptionOf,
} from "../../../state/governance/subscriptions.ts"
import type { Change, Db } from "../../../state/governance/transactions.ts"
import { type Changed, type GovernanceCaller, notFound, type PageInput, refusingClashes } from "../changes.ts"
import { checkedName } from "../names.ts"
import { actingPerson, personOfKey } from "../people/people.ts"
import { isActive, requireOwner } from "./approvals.ts"

export interface ProjectDetail {
  project: ProjectRecord
  purposes: PurposeRecord[]
  sources: ProjectSource[]
  /** The caller's own; undefined: the caller is no member, or nobody. */
  mine: SubscriptionRecord | undefined
  /** Of the project, and not agreed to by the caller. */
  unacknowledged: PurposeRecord[]
}

/** `purposes`, `sources`: all of them, instead of what was. A purpose is named or told by its id. */
export type ProjectInput = { [K in keyof ProjectFields]?: ProjectFields[K] | undefined } & {
  purposes?: readonly (string | number)[] | undefined
  sources?: readonly number[] | undefined
}

const clash = (constraint: string) => {
  switch (constraint) {
    case "projects_key":
      return "There is a project with this key already."
    case "projects_name":
      return "There is a project of this name already."
  }
  return undefined
}

/** Its maker owns it, if the key is a person's. @throws Fault validation, accessDenied, conflictingOperation */
export function createProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  input: ProjectInput & { name: string },
): Promise<Changed<ProjectDetail>> {
  return refusingClashes(clash, () => store.change((change) => inserted(change, caller, input)))
}

async function inserted(
  change: Change,
  caller: GovernanceCaller,
  input: ProjectInput & { name: string },
): Promise<Changed<ProjectDetail>> {
  const fields: ProjectFields = {
    key: checkedName("project's key", input.key ?? randomUUID()),
    name: checkedName("project's name", input.name),
    isOpen: input.isOpen ?? true,
    description: input.description,
    documentation: input.documentation ?? `# ${input.name}`,
    tags: input.tags ?? [],
    allowsMaskedJoins: input.allowsMaskedJoins ?? false,
    subscriptionPolicy: input.subscriptionPolicy,
  }
  const project = await insertProject(change, fields, caller.name)
  const owner = await personOfKey(change.db, caller.name)
  if (owner !== undefined) {
    await putSubscription(change, {
      model: { kind: "project", id: project.id },
      subscriber: { kind: "person", id: owner.id },
      state: "owner",
      required: [],
      createdBy: caller.name,
    })
  }
  await setParts(change, caller, { project, input })
  const output = await projectDetail(change.db, caller, project)
  return { output, resource: `project ${project.name}`, before: undefined, after: shownForTrail(output) }
}

/** @throws Fault validation, accessDenied, resourceNotFound, conflictingOperation */
export function updateProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { id, input }: { id: number; input: ProjectInput },
): Promise<Changed<ProjectDetail>> {
  return refusingClashes(clash, () =>
    store.change(async (change) =>
      updated(change, caller, { before: await foundProject(change.db, id), input }),
    ),
  )
}

async function updated(
  change: Change,
  caller: GovernanceCaller,
  { before, input }: { before: ProjectRecord; input: ProjectInput },
): Promise<Changed<ProjectDetail>> {
  await requireOwner(change.db, caller, { kind: "project", id: before.id })
  const shownBefore = shownForTrail(await projectDetail(change.db, caller, before))
  const project = (await patchProject(change, before.id, input)) ?? before
  await setParts(change, caller, { project, input })
  const output = await projectDetail(change.db, caller, project)
  return { output, resource: `project ${project.name}`, before: shownBefore, after: shownForTrail(output) }
}

/** Makes the project of this key, or changes it. @throws Fault validation, accessDenied, conflictingOperation */
export function putProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  input: ProjectInput & { key: string; name: string },
): Promise<Changed<ProjectDetail & { isNew: boolean }>> {
  return refusingClashes(clash, () =>
    store.change(async (change) => {
      const before = await projectByKey(change.db, input.key)
      const { output, ...rest } =
        before === undefined
          ? await inserted(change, caller, input)
          : await updated(change, caller, { before, input })
      return { ...rest, output: { ...output, isNew: before === undefined } }
    }),
  )
}

/** A purpose lets people see more, so only who governs gives one to a project. @throws Fault accessDenied, resourceNotFound */
async function setParts(
  change: Change,
  caller: GovernanceCaller,
  { project, input }: { project: ProjectRecord; input: ProjectInput },
): Promise<void> {
  if (input.purposes !== undefined) {
    const ids: number[] = []
    for (const purpose of input.purposes) ids.push((await givenPurpose(change.db, purpose)).id)
    const before = (await purposesOf(change.db, [project.id])).get(project.id) ?? []
    if (ids.some((id) => !before.includes(id)) && !caller.permissions.includes("GOVERNANCE")) {
      throw new Fault("accessDenied", "A project is given purposes by keys with the permission GOVERNANCE.")
    }
    await setPurposes(change, project.id, ids)
  }
  if (input.sources === undefined) return
  const now = (await sourcesOf(change.db, project.id)).map(({ sourceId }) => sourceId)
  const wanted = input.sources
  await takeSources(
    change,
    project.id,
    now.filter((id) => !wanted.includes(id)),
  )
  await addSources(change, project.id, wanted, caller.name)
}

async function givenPurpose(db: Db, purpose: string | number): Promise<PurposeRecord> {
  const found =
    typeof purpose === "number" ? await purposeById(db, purpose) : (await purposesNamed(db, [purpose]))[0]
  if (found === undefined) throw notFound("purpose", purpose)
  return found
}

/** @throws Fault accessDenied, resourceNotFound */
export function deleteProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  by: { id: number } | { key: string },
): Promise<Changed<ProjectRecord>> {
  return store.change(async (change) => {
    const project = "id" in by ? await foundProject(change.db, by.id) : await projectByKey(change.db, by.key)
    if (project === undefined) throw notFound("project", "key" in by ? by.key : by.id)
    await requireOwner(change.db, caller, { kind: "project", id: project.id })
    const before = shownForTrail(await projectDetail(change.db, caller, project))
    await removeProject(change, project)
    return { output: project, resource: `project ${project.name}`, before, after: undefined }
  })
}

/** @throws Fault resourceNotFound */
export function getProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  id: number,
): Promise<ProjectDetail> {
  return store.read(async (db) => projectDetail(db, caller, await foundProject(db, id)))
}

export function listProjects(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { search, page }: { search: ProjectSearch; page: PageInput & { order: ProjectOrder } },
): Promise<{ projects: ProjectDetail[]; count: number }> {
  return store.read(async (db) => {
    const { projects, count } = await searchProjects(db, search, page)
    const details: ProjectDetail[] = []
    for (const project of projects) details.push(await projectDetail(db, caller, project))
    return { projects: details, count }
  })
}

/** The caller agrees to all purposes of the project. @throws Fault accessDenied, resourceNotFound */
export function acknowledgeProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  { projectId, subscriptionId }: { projectId: number; subscriptionId: number },
): Promise<Changed<ProjectDetail>> {
  return store.change(async (change) => {
    const project = await foundProject(change.db, projectId)
    const person = await actingPerson(change.db, caller.name)
    const { mine, purposes } = await projectDetail(change.db, caller, project)
    if (mine?.id !== subscriptionId || !isActive(mine)) {
      throw new Fault("accessDenied", "Purposes are agreed to by members, each for themselves.")
    }
    await acknowledge(
      change,
      { projectId, personId: person.id },
      purposes.map(({ id }) => id),
    )
    const output = await projectDetail(change.db, caller, project)
    const after = { user: person.userId, purposes: purposes.map(({ name }) => name) }
    return { output, resource: `project ${project.name}`, before: undefined, after }
  })
}

/** In which project the caller works from now on; undefined: in none. @throws Fault accessDenied, resourceNotFound */
export function setCurrentProject(
  store: GovernanceStore,
  caller: GovernanceCaller,
  projectId: number | undefined,
): Promise<Changed<{ projectId: number | undefined }>> {
  return store.change(async (change) => {
    const person = await actingPerson(change.db, caller.name)
    if (projectId !== undefined) {
      const { mine } = await projectDetail(change.db, caller, await foundProject(change.db, projectId))
      if (mine === undefined || !isActive(mine)) {
        throw new Fault("accessDenied", "Only members work in a project.")
      }
    }
    await patchPerson(change, person.id, { currentProject: projectId })
    const before = { currentProject: person.currentProject }
    return {
      output: { projectId },
      resource: `user ${person.userId}`,
      before,
      after: { currentProject: projectId },
    }
  })
}

/** @throws Fault resourceNotFound */
export async function foundProject(db: Db, id: number): Promise<ProjectRecord> {
  const project = await projectById(db, id)
  if (project === undefined) throw notFound("project", id)
  return project
}

async function projectDetail(
  db: Db,
  caller: GovernanceCaller,
  project: ProjectRecord,
): Promise<ProjectDetail> {
  const ids = (await purposesOf(db, [project.id])).get(project.id) ?? []
  const purposes: PurposeRecord[] = []
  for (const id of ids) purposes.push(await givenPurpose(db, id))
  const person = await personOfKey(db, caller.name)
  const mine =
    person &&
    (await subscriptionOf(db, { kind: "project", id: project.id }, { kind: "person", id: person.id }))
  const agreed = person
    ? await acknowledgedBy(db, { projectId: project.id, personId: person.id })
    : new Set<number>()
  const unacknowledged = purposes.filter(({ id }) => !agreed.has(id))
  return { project, purposes, sources: await sourcesOf(db, project.id), mine, unacknowledged }
}

/** As the audit trail keeps it. */
function shownForTrail({ project, purposes, sources }: ProjectDetail): object {
  const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...fields } = project
  return { ...fields, purposes: purposes.map(({ name }) => name), sources: sources.map(({ name }) => name) }
}
