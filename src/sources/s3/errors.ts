import { S3ServiceException } from "@aws-sdk/client-s3"
import { Problem, type ProblemKind } from "../../domain/problems.ts"

const denied = ["AccessDenied", "Forbidden", "AllAccessDisabled"]
const badLogin = ["InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"]

/** What S3 said, as a Problem. `doing` completes "while …". */
export function objectProblem(error: unknown, bucket: string, doing: string): Problem {
  if (error instanceof Problem) return error
  const said = error instanceof S3ServiceException ? error.name : undefined
  const reason = said ?? (error instanceof Error ? firstLine(error.message || error.name) : "no answer")
  return new Problem(kindOf(said), `Bucket ${bucket} failed (while ${doing}): ${reason}.`, { cause: error })
}

function kindOf(said: string | undefined): ProblemKind {
  if (said === undefined) return "sourceUnreachable"
  if (badLogin.includes(said)) return "sourceRefusedLogin"
  if (denied.includes(said)) return "sourcePrivileges"
  return said === "NoSuchBucket" ? "sourceSettings" : "sourceUnreachable"
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text
}
