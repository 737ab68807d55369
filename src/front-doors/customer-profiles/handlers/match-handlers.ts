import type { ProfilePlane } from "../../../profiles/services/context.ts"
import { listMatches, similarProfiles } from "../../../profiles/services/matches.ts"
import { searchProfiles } from "../../../profiles/services/search.ts"
import type { RestHandlers } from "../../rest-door.ts"
import type { matchesOperations } from "../operations/matches.ts"
import { nextToken, pageAsked } from "../pages.ts"

/** Profiles that are looked at to find a group. */
const profilesSearched = 100

export function matchHandlers(plane: ProfilePlane): RestHandlers<typeof matchesOperations> {
  return {
    GetMatches: async (asked, caller) => {
      const page = { domain: asked.DomainName, kind: "batch", ...pageAsked("GetMatches", asked) } as const
      const { items, next, total } = await listMatches(plane, caller, page)
      return {
        NextToken: nextToken("GetMatches", next),
        MatchGenerationDate: items[0]?.foundAt,
        PotentialMatches: total,
        Matches: items.map(({ matchId, profileIds, confidence }) => ({
          MatchId: matchId,
          ProfileIds: profileIds,
          ConfidenceScore: confidence,
        })),
      }
    },
    ListRuleBasedMatches: async (asked, caller) => {
      const operation = "ListRuleBasedMatches"
      const page = { domain: asked.DomainName, kind: "rule", ...pageAsked(operation, asked) } as const
      const { items, next } = await listMatches(plane, caller, page)
      return { MatchIds: items.map(({ matchId }) => matchId), NextToken: nextToken(operation, next) }
    },
    GetSimilarProfiles: async (asked, caller) => {
      const { DomainName: domain, MatchType, SearchKey, SearchValue } = asked
      const keys = [{ name: SearchKey, values: [SearchValue] }]
      const page = { after: undefined, limit: profilesSearched }
      const found = await searchProfiles(plane, caller, { domain, keys, operator: "AND", ...page })
      const kind = MatchType === "RULE_BASED_MATCHING" ? "rule" : "batch"
      const profileIds = found.items.map(({ id }) => id)
      const match = await similarProfiles(plane, caller, { domain, kind, profileIds })
      return {
        ProfileIds: match?.profileIds ?? [],
        MatchId: match?.matchId,
        MatchType,
        RuleLevel: match?.ruleLevel,
        ConfidenceScore: match?.confidence,
      }
    },
  }
}
