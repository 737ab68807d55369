import type { RestOperations } from "../../../wire/rest-json/operation.ts"
import {
  maxSize100Shape,
  nameShape,
  string1To255Shape,
  tagMapShape,
  textShape,
  timestampShape,
  tokenShape,
} from "./shapes.ts"

const stateShape = { kind: "string", values: ["RUNNING", "STOPPED"] } as const
const destinationStatusShape = { kind: "string", values: ["HEALTHY", "UNHEALTHY"] } as const

const destinationSummaryShape = {
  kind: "structure",
  members: { Uri: string1To255Shape, Status: destinationStatusShape, UnhealthySince: timestampShape },
  required: ["Uri", "Status"],
} as const

const destinationDetailsShape = {
  kind: "structure",
  members: { ...destinationSummaryShape.members, Message: textShape },
  required: ["Uri", "Status"],
} as const

const summaryShape = {
  kind: "structure",
  members: {
    DomainName: nameShape,
    EventStreamName: nameShape,
    EventStreamArn: string1To255Shape,
    State: stateShape,
    DestinationSummary: destinationSummaryShape,
    Tags: tagMapShape,
  },
  required: ["DomainName", "EventStreamName", "EventStreamArn", "State"],
} as const

const named = {
  kind: "structure",
  members: { DomainName: nameShape, EventStreamName: nameShape },
  required: ["DomainName", "EventStreamName"],
} as const

const oneStream = "/domains/{DomainName}/event-streams/{EventStreamName}"

export const eventStreamsOperations = {
  CreateEventStream: {
    method: "POST",
    uri: oneStream,
    input: {
      kind: "structure",
      members: { ...named.members, Uri: string1To255Shape, Tags: tagMapShape },
      required: ["DomainName", "EventStreamName", "Uri"],
    },
    output: {
      kind: "structure",
      members: { EventStreamArn: string1To255Shape, Tags: tagMapShape },
      required: ["EventStreamArn"],
    },
  },
  GetEventStream: {
    method: "GET",
    uri: oneStream,
    input: named,
    output: {
      kind: "structure",
      members: {
        DomainName: nameShape,
        EventStreamArn: string1To255Shape,
        CreatedAt: timestampShape,
        State: stateShape,
        DestinationDetails: destinationDetailsShape,
        Tags: tagMapShape,
      },
      required: ["DomainName", "EventStreamArn", "CreatedAt", "State", "DestinationDetails"],
    },
  },
  DeleteEventStream: {
    method: "DELETE",
    uri: oneStream,
    input: named,
    output: { kind: "structure", members: {} },
  },
  ListEventStreams: {
    method: "GET",
    uri: "/domains/{DomainName}/event-streams",
    query: { NextToken: "next-token", MaxResults: "max-results" },
    input: {
      kind: "structure",
      members: { DomainName: nameShape, NextToken: tokenShape, MaxResults: maxSize100Shape },
      required: ["DomainName"],
    },
    output: {
      kind: "structure",
      members: {
        Items: { kind: "list", itemName: "member", item: summaryShape },
        NextToken: tokenShape,
      },
    },
  },
} as const satisfies RestOperations
