import { parseArn, sourceArnMaxLength } from "../../domain/text-forms/arn.ts"

/** `arn:aws:s3:::landing`: a bucket's name is its own in all the world, so neither region nor account stand in it. */
export function parseBucketArn(text: string): { name: string } | undefined {
  const arn = text.length > sourceArnMaxLength ? undefined : parseArn(text)
  if (arn?.service !== "s3" || arn.region !== "" || arn.account !== "") return undefined
  return /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(arn.resource) ? { name: arn.resource } : undefined
}
