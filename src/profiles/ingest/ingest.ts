import { createHash } from "node:crypto"
import { Fault } from "../../domain/faults.ts"
import type { LockedDomain, ProfileStore } from "../../state/profiles/profile-store.ts"
import type { DeadLetter, ObjectTypeRecord } from "../../state/profiles/records.ts"
import { publishEvents } from "../events/publish.ts"
import { type Mapped, type MappedObject, objectMapper } from "../mapping/map-object.ts"
import { type Batch, loadProfiles, openBatch, writeBatch } from "./batch.ts"
import { occurrencesOf } from "./occurrences.ts"
import type { Outcome, Rejection } from "./outcome.ts"
import { profileOf, type TakingContext, takeObject } from "./take-object.ts"

/** More would hold the domain's lock for too long. */
export const objectsAtOnceAtMost = 5_000

/** Where objects come from. */
export interface IngestBatch {
  domain: string
  objectType: string
  /** Undefined: they were put by a call. */
  integrationUri?: string | undefined
  /** Who has done it, for the history: an access key, or the integration's Uri. */
  performedBy: string
  /** Whether refused objects become dead letters; `"unattachedOnly"`: the caller is told of the others. Default `"all"`. */
  deadLetters?: "all" | "unattachedOnly" | "none" | undefined
}

/**
 * Takes objects into a domain, all in one transaction and as if one after the other: each is mapped by its type, attached to the profile
 * that its keys find or to one made for it, and stored with its keys. The same content again changes nothing.
 *
 * @param objects JSON texts, at most 5,000
 * @returns what became of each, in order
 * @throws Fault resourceNotFound: no such domain or object type; unavailable
 */
export async function ingestObjects(
  store: ProfileStore,
  batch: IngestBatch,
  objects: readonly string[],
): Promise<Outcome[]> {
  if (objects.length > objectsAtOnceAtMost)
    throw new Fault("validation", `At most ${objectsAtOnceAtMost} objects are taken at once.`)
  return await store.change(batch.domain, (locked) => ingestInto(locked, batch, objects))
}

/** As `ingestObjects`, in a transaction that somebody has opened. */
export async function ingestInto(
  locked: LockedDomain,
  asked: IngestBatch,
  objects: readonly string[],
): Promise<Outcome[]> {
  const type = await requireType(locked, asked.objectType)
  const map = await objectMapper(type)
  const mapped = objects.map(map)
  const outcomes = await take(locked, { asked, type, mapped })
  await bury(locked, asked, objects, outcomes)
  return outcomes
}

async function requireType({ types, domain }: LockedDomain, name: string): Promise<ObjectTypeRecord> {
  const type = await types.find(name)
  if (type !== undefined) return type
  throw new Fault("resourceNotFound", `Domain ${domain.name} has no object type ${name}.`)
}

interface Taking {
  asked: IngestBatch
  type: ObjectTypeRecord
  mapped: readonly Mapped[]
}

async function take(locked: LockedDomain, { asked, type, mapped }: Taking): Promise<Outcome[]> {
  const usable = mapped.flatMap((one) => ("ok" in one ? [one.ok] : []))
  const batch = await openBatch(locked, type, usable)
  const types = await locked.types.all()
  const priorities = new Map(types.map(({ number, sourcePriority }) => [number, sourcePriority]))
  await loadProfiles(locked, batch, foundProfiles(usable, batch))
  const context = { batch, priorities, now: new Date(), ...asked }
  const outcomes: Outcome[] = []
  for (const one of mapped) outcomes.push(await takeMapped(locked, context, one))
  await writeBatch(locked, batch)
  await publishEvents(locked, {
    isRealTime: asked.integrationUri === undefined,
    occurrences: () => occurrencesOf(batch, mapped, outcomes),
  })
  return outcomes
}

async function takeMapped(locked: LockedDomain, context: TakingContext, mapped: Mapped): Promise<Outcome> {
  if (!("ok" in mapped)) return { kind: "rejected", rejection: mapped.rejected, uniqueKey: mapped.uniqueKey }
  // Only where an object of this batch has given up a key that several profiles had before.
  const found = profileOf(context.batch, mapped.ok)
  if (found !== undefined) await loadProfiles(locked, context.batch, [found])
  const contentHash = createHash("sha256").update(mapped.ok.text).digest("hex")
  return takeObject(context, mapped.ok, contentHash)
}

/** Every profile that was there before and that these objects are attached to. */
function foundProfiles(objects: readonly MappedObject[], batch: Batch): string[] {
  const before = [...batch.latest.values()].map(({ profile }) => profile)
  return [...before, ...objects.flatMap((one) => profileOf(batch, one) ?? [])]
}

async function bury(
  locked: LockedDomain,
  { objectType, integrationUri, deadLetters = "all" }: IngestBatch,
  objects: readonly string[],
  outcomes: readonly Outcome[],
): Promise<void> {
  const isBuried = ({ reason }: Rejection) =>
    deadLetters === "all" || (deadLetters === "unattachedOnly" && reason === "noProfile")
  const letters = outcomes.flatMap((outcome, at): DeadLetter[] =>
    outcome.kind === "rejected" && isBuried(outcome.rejection)
      ? [{ objectType, integrationUri, ...outcome.rejection, object: objects[at] ?? "" }]
      : [],
  )
  await locked.journal.bury(letters)
}
