/**
 * Why an object is not taken: a closed list, which stands in dead letters. `noProfile`: none has its keys, and its type may make none.
 */
export const rejectionReasons = [
  "notJson",
  "tooLarge",
  "noUniqueKey",
  "unusableValue",
  "mappingFailed",
  "noProfile",
  "tooManyObjects",
] as const

export type RejectionReason = (typeof rejectionReasons)[number]

export interface Rejection {
  reason: RejectionReason
  /** Safe to show: names fields, never their values. */
  message: string
}

/** What became of one object. */
export type Outcome =
  /** `created`: with a profile of its own, made for it. `attached`: to a profile that was there. `replaced`: it stands in the place of an older version. */
  | { kind: "created" | "attached" | "replaced"; profileId: string; uniqueKey: string }
  /** The very content is stored already, or a newer version of it. */
  | { kind: "unchanged"; profileId: string; uniqueKey: string }
  | { kind: "rejected"; rejection: Rejection; uniqueKey: string | undefined }
