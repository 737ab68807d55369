import {
  CloudControlClient,
  GetResourceRequestStatusCommand,
  type ProgressEvent,
} from "@aws-sdk/client-cloudcontrol"
import { waitUntil } from "../../support/wait-until.ts"
import { admin, region } from "../served-door.ts"

/** The official client. */
export function cloudControlClient(endpoint: string, credentials = admin): CloudControlClient {
  return new CloudControlClient({ endpoint, region, maxAttempts: 1, credentials })
}

/** Code and HTTP status of a refusal; fails when the call goes well. */
export async function refusal(
  call: Promise<unknown>,
): Promise<[code: string, status: number, message: string]> {
  try {
    await call
  } catch (error) {
    if (error instanceof Error && "$metadata" in error) {
      const { httpStatusCode } = error.$metadata as { httpStatusCode: number }
      return [error.name, httpStatusCode, error.message]
    }
    throw error
  }
  throw new Error("the call was not refused")
}

/** Waits until the request is over. */
export async function ended(
  client: CloudControlClient,
  event: ProgressEvent | undefined,
): Promise<ProgressEvent> {
  const { RequestToken } = event ?? {}
  return await waitUntil(
    async () => {
      const found = await client.send(new GetResourceRequestStatusCommand({ RequestToken }))
      const now = found.ProgressEvent
      const isOver = ["SUCCESS", "FAILED", "CANCEL_COMPLETE"].includes(now?.OperationStatus ?? "")
      return isOver ? now : undefined
    },
    { what: "the request ends" },
  )
}
