import { z } from "zod"
import type { ListedObject } from "../../loading/object-store.ts"

/** Objects that came, by bucket, as a notification says. */
export interface ObjectEvent {
  bucket: string
  object: ListedObject
}

const notification = z.object({
  Records: z.array(
    z.object({
      eventName: z.string(),
      eventTime: z.string().optional(),
      s3: z.object({
        bucket: z.object({ name: z.string() }),
        object: z.object({ key: z.string(), size: z.number().optional(), eTag: z.string().optional() }),
      }),
    }),
  ),
})

const eventBridge = z.object({
  "detail-type": z.string(),
  time: z.string().optional(),
  detail: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), size: z.number().optional(), etag: z.string().optional() }),
  }),
})

const envelope = z.object({ Type: z.string(), Message: z.string() })

/**
 * S3's own notification, EventBridge's event, or either in SNS's envelope; only what says that an object was created
 * counts. Undefined: none of these.
 */
export function objectEvents(body: unknown): ObjectEvent[] | undefined {
  const wrapped = envelope.safeParse(body)
  // A subscription is confirmed by whoever made it: we ask no address that a message names.
  if (wrapped.success) return wrapped.data.Type === "Notification" ? inside(wrapped.data.Message) : []
  const bridged = eventBridge.safeParse(body)
  if (bridged.success) {
    const { detail, time } = bridged.data
    if (bridged.data["detail-type"] !== "Object Created") return []
    const { key, size, etag } = detail.object
    return [eventOf(detail.bucket.name, key, size, etag, time)]
  }
  const direct = notification.safeParse(body)
  if (direct.success)
    return direct.data.Records.filter(({ eventName }) => /(^|:)ObjectCreated:/.test(eventName)).map(
      ({ s3, eventTime }) =>
        eventOf(s3.bucket.name, decoded(s3.object.key), s3.object.size, s3.object.eTag, eventTime),
    )
  return z.object({ Event: z.literal("s3:TestEvent") }).safeParse(body).success ? [] : undefined
}

function inside(message: string): ObjectEvent[] | undefined {
  try {
    const parsed: unknown = JSON.parse(message)
    // An envelope holds an event, not another envelope.
    return envelope.safeParse(parsed).success ? undefined : objectEvents(parsed)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function eventOf(
  bucket: string,
  key: string,
  sizeBytes = 0,
  etag = "",
  time: string | undefined,
): ObjectEvent {
  const at = time === undefined ? Number.NaN : Date.parse(time)
  const modifiedAt = Number.isNaN(at) ? new Date() : new Date(at)
  return { bucket, object: { key, etag: etag.replaceAll('"', ""), sizeBytes, modifiedAt } }
}

/** Keys come as a form's values do. What is none of these stands for itself. */
function decoded(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll("+", " "))
  } catch (error) {
    if (error instanceof URIError) return key
    throw error
  }
}
