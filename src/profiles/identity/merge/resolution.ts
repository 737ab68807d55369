import type { DomainContents } from "../../../state/profiles/profile-store.ts"
import type { ConflictResolution } from "../rules/matching-rules.ts"
import type { Resolution } from "./merged-fields.ts"

/** How merges by themselves solve conflicts. A source that is no object type of the domain counts as none: then the newest value does. */
export async function resolutionOf(
  { types }: Pick<DomainContents, "types">,
  { SourceName }: Partial<ConflictResolution> = {},
): Promise<Resolution> {
  const type = SourceName === undefined ? undefined : await types.find(SourceName)
  return { kind: "newest", source: type?.number }
}
