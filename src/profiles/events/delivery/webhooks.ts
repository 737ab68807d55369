import type { WebhookConfiguration } from "../../../domain/configuration.ts"

/**
 * The webhook that a destination's address belongs to: it has the same scheme, host and port, and its path is that of the webhook or below
 * it. Undefined: no configuration allows it, and nothing is ever sent there, so that whoever may make a stream cannot have this process
 * call any address of its network.
 *
 * @returns the address with the secret of its webhook
 */
export function webhookFor(
  webhooks: readonly WebhookConfiguration[],
  uri: string,
): WebhookConfiguration | undefined {
  if (!URL.canParse(uri)) return undefined
  const asked = new URL(uri)
  if (asked.username !== "" || asked.password !== "") return undefined
  const found = webhooks.find(({ url }) => {
    const allowed = new URL(url)
    const below = allowed.pathname.endsWith("/") ? allowed.pathname : `${allowed.pathname}/`
    return (
      allowed.origin === asked.origin &&
      (asked.pathname === allowed.pathname || asked.pathname.startsWith(below))
    )
  })
  return found && { url: asked.href, secret: found.secret }
}
