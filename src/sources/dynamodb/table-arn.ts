import { parseArn, sourceArnMaxLength } from "../../domain/text-forms/arn.ts"

/** `arn:aws:dynamodb:us-east-1:123456789012:table/carts` */
export function parseTableArn(text: string): { region: string; account: string; name: string } | undefined {
  const arn = text.length > sourceArnMaxLength ? undefined : parseArn(text)
  if (arn?.service !== "dynamodb" || !/^[a-z0-9-]+$/.test(arn.region) || !/^[0-9]{12}$/.test(arn.account))
    return undefined
  const name = /^table\/([a-zA-Z0-9_.-]{3,255})$/.exec(arn.resource)?.[1]
  return name === undefined ? undefined : { region: arn.region, account: arn.account, name }
}
