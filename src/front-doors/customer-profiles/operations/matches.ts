import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  maxSize100Shape,
  nameShape,
  string1To255Shape,
  timestampShape,
  tokenShape,
  uuidShape,
} from "./shapes.ts"

const profileIdsShape = { kind: "list", itemName: "member", item: uuidShape } as const
const doubleShape = { kind: "double" } as const
const matchTypeShape = { kind: "string", values: ["RULE_BASED_MATCHING", "ML_BASED_MATCHING"] } as const

const matchShape = {
  kind: "structure",
  members: { MatchId: string1To255Shape, ProfileIds: profileIdsShape, ConfidenceScore: doubleShape },
} as const

const pages = { NextToken: "next-token", MaxResults: "max-results" } as const
const paged = { DomainName: nameShape, NextToken: tokenShape, MaxResults: maxSize100Shape } as const

export const matchesOperations = {
  GetMatches: {
    method: "GET",
    uri: "/domains/{DomainName}/matches",
    query: pages,
    input: { kind: "structure", members: paged, required: ["DomainName"] },
    output: {
      kind: "structure",
      members: {
        NextToken: tokenShape,
        MatchGenerationDate: timestampShape,
        PotentialMatches: { kind: "integer" },
        Matches: { kind: "list", itemName: "member", item: matchShape },
      },
    },
  },
  ListRuleBasedMatches: {
    method: "GET",
    uri: "/domains/{DomainName}/profiles/ruleBasedMatches",
    query: pages,
    input: { kind: "structure", members: paged, required: ["DomainName"] },
    output: {
      kind: "structure",
      members: {
        MatchIds: { kind: "list", itemName: "member", item: string1To255Shape },
        NextToken: tokenShape,
      },
    },
  },
  GetSimilarProfiles: {
    method: "POST",
    uri: "/domains/{DomainName}/matches",
    query: pages,
    input: {
      kind: "structure",
      members: {
        ...paged,
        MatchType: matchTypeShape,
        SearchKey: string1To255Shape,
        SearchValue: string1To255Shape,
      },
      required: ["DomainName", "MatchType", "SearchKey", "SearchValue"],
    },
    output: {
      kind: "structure",
      members: {
        ProfileIds: profileIdsShape,
        MatchId: string1To255Shape,
        MatchType: matchTypeShape,
        RuleLevel: { kind: "integer" },
        ConfidenceScore: doubleShape,
        NextToken: tokenShape,
      },
    },
  },
} as const satisfies RestOperations
