import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import { autoMergingShape, conflictResolutionShape, consolidationShape, double0To1Shape } from "./domains.ts"
import { maxSize100Shape, nameShape, timestampShape, tokenShape, uuidShape } from "./shapes.ts"

const countShape = { kind: "integer" } as const

const statusShape = {
  kind: "string",
  values: ["PENDING", "PREPROCESSING", "FIND_MATCHING", "MERGING", "COMPLETED", "PARTIAL_SUCCESS", "FAILED"],
} as const

const statsShape = {
  kind: "structure",
  members: {
    NumberOfProfilesReviewed: countShape,
    NumberOfMatchesFound: countShape,
    NumberOfMergesDone: countShape,
  },
} as const

const jobMembers = {
  DomainName: nameShape,
  JobId: uuidShape,
  Status: statusShape,
  JobStartTime: timestampShape,
  JobEndTime: timestampShape,
  JobStats: statsShape,
  Message: { kind: "string", min: 0, max: 2048 },
} as const

/** (Source: the customer-profiles service model, 2020-08-15.) */
export const identityJobsOperations = {
  GetIdentityResolutionJob: {
    method: "GET",
    uri: "/domains/{DomainName}/identity-resolution-jobs/{JobId}",
    input: {
      kind: "structure",
      members: { DomainName: nameShape, JobId: uuidShape },
      required: ["DomainName", "JobId"],
    },
    output: { kind: "structure", members: { ...jobMembers, AutoMerging: autoMergingShape } },
  },
  ListIdentityResolutionJobs: {
    method: "GET",
    uri: "/domains/{DomainName}/identity-resolution-jobs",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: {
      kind: "structure",
      members: { DomainName: nameShape, NextToken: tokenShape, MaxResults: maxSize100Shape },
      required: ["DomainName"],
    },
    output: {
      kind: "structure",
      members: {
        IdentityResolutionJobsList: {
          kind: "list",
          itemName: "member",
          item: { kind: "structure", members: jobMembers },
        },
        NextToken: tokenShape,
      },
    },
  },
  GetAutoMergingPreview: {
    method: "POST",
    uri: "/domains/{DomainName}/identity-resolution-jobs/auto-merging-preview",
    input: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        Consolidation: consolidationShape,
        ConflictResolution: conflictResolutionShape,
        MinAllowedConfidenceScoreForMerging: double0To1Shape,
      },
      required: ["DomainName", "Consolidation", "ConflictResolution"],
    },
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        NumberOfMatchesInSample: countShape,
        NumberOfProfilesInSample: countShape,
        NumberOfProfilesWillBeMerged: countShape,
      },
    },
  },
} as const satisfies RestOperations
