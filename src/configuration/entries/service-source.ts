import type { z } from "zod"
import type { ServiceSource } from "../../domain/configuration.ts"
import { secretText, text } from "../values.ts"

const httpUrl = text.refine(
  // A URL with a user in it would put a password where no one expects one.
  (given) => /^https?:\/\/[^\s@/]+\/?$/.test(given) && URL.canParse(given),
  "must be http://host:port or https://host:port, without user, path or query",
)

/** Keys of every source behind an AWS API; without a key pair that of the environment applies. */
export const serviceKeys = {
  endpoint: httpUrl.optional().describe("`http(s)://host:port`; usual: the cloud's own"),
  access_key_id: text.optional().describe("with `secret_access_key`; usual: the environment's"),
  secret_access_key: secretText.optional().describe("its secret"),
}

export interface WrittenService {
  arn: string
  engine: string
  endpoint?: string | undefined
  access_key_id?: string | undefined
  secret_access_key?: string | undefined
}

/** For `superRefine`: half a key pair is a mistake. */
export function wholeKeyPair(
  given: Pick<WrittenService, "access_key_id" | "secret_access_key">,
  context: z.RefinementCtx,
): void {
  if ((given.access_key_id === undefined) === (given.secret_access_key === undefined)) return
  context.addIssue("must have both access_key_id and secret_access_key, or neither")
}

/** What all of them have. */
export function serviceSourceFrom({
  arn,
  engine,
  endpoint,
  access_key_id: accessKeyId,
  secret_access_key: secretAccessKey,
}: WrittenService): ServiceSource {
  return {
    arn,
    engine,
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined && { accessKeyId }),
    ...(secretAccessKey !== undefined && { secretAccessKey }),
  }
}
