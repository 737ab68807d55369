import { createHash, timingSafeEqual } from "node:crypto"
import type { Caller } from "../../control-plane/control-plane.ts"
import { type BucketPlane, sourceOfBucket } from "../../control-plane/copy-jobs/buckets.ts"
import { type ObjectEvent, objectEvents } from "../../control-plane/copy-jobs/events.ts"
import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import { Fault } from "../../domain/faults.ts"
import { headerValue, type WireRequest, type WireResponse } from "../../wire/http/message.ts"

export const eventsPath = "/events/s3"

/** Whom events are passed on to. */
export interface EventSink extends BucketPlane {
  /** Has them loaded by the jobs that wait for them. Throws Fault. */
  noticed(events: readonly ObjectEvent[]): Promise<void>
}

/** The secret that a request shows instead of a signature; undefined: it is to be signed. */
export function bearerOf(request: WireRequest): string | undefined {
  return /^Bearer +(\S{1,500}) *$/i.exec(headerValue(request, "authorization") ?? "")?.[1]
}

/** Takes events from whoever knows the secret of each bucket that they name. Never rejects. */
export async function handleBearerEvents(
  sink: EventSink,
  request: WireRequest,
  bearer: string,
): Promise<WireResponse> {
  // Before the body is read: whoever knows no secret learns nothing of it, and has no work done.
  const known = sink.sources.some(({ arn }) => knows(sink, arn.split(":").at(-1) ?? "", bearer))
  if (!known) return answer(403, { code: "accessDenied", message: "No bucket has this event_secret." })
  const events = objectEvents(jsonOf(request.body))
  if (events === undefined) return answer(400, { code: "validation", message: notAnEvent })
  const denied = events.find(({ bucket }) => !knows(sink, bucket, bearer))
  if (denied !== undefined)
    return answer(403, {
      code: "accessDenied",
      message: "The event names a bucket whose event_secret is another, or that has none.",
    })
  try {
    return answer(200, await passOn(sink, events))
  } catch (error) {
    if (error instanceof Fault) return answer(503, { code: error.kind, message: error.message })
    throw error
  }
}

/** The same from an administrator who signed. @throws Fault accessDenied, validation, unavailable */
export async function takeSignedEvents(
  sink: EventSink,
  caller: Caller,
  body: unknown,
): Promise<{ accepted: number }> {
  requireAdmin(caller, "post events")
  const events = objectEvents(body)
  if (events === undefined) throw new Fault("validation", notAnEvent)
  return await passOn(sink, events)
}

const notAnEvent =
  "The body is no S3 event notification: not S3's own JSON, nor EventBridge's, nor one in an SNS notification."

async function passOn(sink: EventSink, events: readonly ObjectEvent[]): Promise<{ accepted: number }> {
  await sink.noticed(events)
  return { accepted: events.length }
}

function knows(sink: EventSink, bucket: string, bearer: string): boolean {
  const secret = sourceOfBucket(sink, bucket)?.bucket?.eventSecret
  return secret !== undefined && timingSafeEqual(digest(secret), digest(bearer))
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest()
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString("utf8"))
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function answer(status: number, body: object): WireResponse {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify(body) }
}
