import { type Occurrence, profileOccurrence } from "../events/publish.ts"
import type { Mapped } from "../mapping/map-object.ts"
import type { Batch } from "./batch.ts"
import type { Outcome } from "./outcome.ts"

/** What has happened by a batch: to each object that was taken, in order, and then to the profiles that are new or changed. */
export function occurrencesOf(
  batch: Batch,
  mapped: readonly Mapped[],
  outcomes: readonly Outcome[],
): Occurrence[] {
  const objects = outcomes.flatMap((outcome, at): Occurrence[] => {
    const object = mapped[at]
    if (outcome.kind === "rejected" || outcome.kind === "unchanged") return []
    if (object === undefined || !("ok" in object)) return []
    return [
      {
        type: outcome.kind === "replaced" ? "UPDATED" : "CREATED",
        objectTypeName: batch.type.name,
        profileId: outcome.profileId,
        uniqueKey: outcome.uniqueKey,
        object: JSON.parse(object.ok.text),
        ingested: { fields: object.ok.fieldTexts, sourceTime: object.ok.sourceTime },
      },
    ]
  })
  const profiles = [...batch.profiles.values()].filter(({ isChanged }) => isChanged)
  return [
    ...objects,
    ...profiles.map(({ id, fields, isNew }) => profileOccurrence(isNew ? "CREATED" : "UPDATED", id, fields)),
  ]
}
