import type { Caller } from "../../control-plane/control-plane.ts"
import { requireReader } from "../../control-plane/sql-users/roles.ts"
import type { MatchKind, ProfileMatch } from "../../state/profile-identity/matches.ts"
import { type PageAsked, type PageFound, type ProfilePlane, pageFound } from "./context.ts"

/** Groups of profiles that match, in the order of their ids. @throws Fault accessDenied, resourceNotFound */
export async function listMatches(
  plane: ProfilePlane,
  caller: Caller,
  { domain, kind, after, limit }: PageAsked & { domain: string; kind: MatchKind },
): Promise<PageFound<ProfileMatch> & { total: number }> {
  requireReader(caller, "read matches of profiles")
  const rows = plane.identity.matches((await plane.store.read(domain)).domain.number, kind)
  const page = pageFound(await rows.list({ after, limit: limit + 1 }), limit, ({ matchId }) => matchId)
  return { ...page, total: await rows.count() }
}

/**
 * The group of the profiles that have a key; undefined: none of them matches others.
 *
 * @throws Fault accessDenied, resourceNotFound
 */
export async function similarProfiles(
  plane: ProfilePlane,
  caller: Caller,
  { domain, kind, profileIds }: { domain: string; kind: MatchKind; profileIds: readonly string[] },
): Promise<ProfileMatch | undefined> {
  requireReader(caller, "read matches of profiles")
  const rows = plane.identity.matches((await plane.store.read(domain)).domain.number, kind)
  for (const id of profileIds) {
    const found = await rows.of(id)
    if (found !== undefined) return found
  }
  return undefined
}
