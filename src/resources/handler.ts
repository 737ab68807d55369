import type { Caller } from "../control-plane/control-plane.ts"
import type { ErrorCode } from "./faults.ts"
import type { Model } from "./resource-type.ts"

export type ResourceOperation = "CREATE" | "UPDATE" | "DELETE"

/** For whom a handler works. */
export interface HandlerCall {
  caller: Caller
  /** Names the request. */
  requestToken: string
  /** The process that began this may have ended in the middle of it: what is done already is no mistake. */
  isRepeated: boolean
}

/** How far an operation is whose effect is made. */
export type Progress =
  | { kind: "done" }
  | { kind: "underway" }
  | { kind: "failed"; errorCode: ErrorCode; message: string }

/**
 * How resources of one type are made, read, changed and removed. `identity` has the values of the type's primary identifier. Models are
 * whole: with the values that callers never see. Models that are given obey the type's schema.
 *
 * `create`, `update` and `delete` make the effect begin and return soon; `progress` is then asked until it says `done` or `failed`. They
 * throw ResourceFault or Fault, with which the request fails; the Fault `unavailable` has it tried again. A call with `isRepeated` brings
 * about the same as the one before and throws nothing on its account.
 */
export interface ResourceHandler {
  /** The values that name a new resource, those among them that the service chooses: asked once for a request. @throws ResourceFault invalidRequest */
  identify(desired: Model): Model
  /** @throws ResourceFault alreadyExists */
  create(call: HandlerCall, identity: Model, desired: Model): Promise<void>
  read(caller: Caller, identity: Model): Promise<Model | undefined>
  /** @throws ResourceFault notFound */
  update(call: HandlerCall, identity: Model, desired: Model): Promise<void>
  /** @throws ResourceFault notFound, unless repeated */
  delete(call: HandlerCall, identity: Model): Promise<void>
  /** Some of the resources, in a lasting order. `input` has at least what `neededToList` says. */
  list(caller: Caller, input: Model, page: PageRequest): Promise<ModelPage>
  progress(operation: ResourceOperation, identity: Model): Promise<Progress>
}

export interface PageRequest {
  /** `next` of the page before. */
  after: string | undefined
  limit: number
}

export interface ModelPage {
  models: Model[]
  /** Present when there may be more. */
  next: string | undefined
}
