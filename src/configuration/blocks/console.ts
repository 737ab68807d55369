import { isIP } from "node:net"
import { z } from "zod"
import { consoleRoles } from "../../domain/console/roles.ts"
import { text } from "../values.ts"

/** As a reverse proxy has it: segments of letters, digits, `.`, `_`, `~` and `-`, none of dots alone. */
export const pathPrefix = /^(\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+){1,20}$/

function isNetwork(given: string): boolean {
  const [address = "", bits, ...more] = given.split("/")
  const most = isIP(address) === 6 ? 128 : 32
  return (
    isIP(address) !== 0 &&
    more.length === 0 &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
  )
}

const consoleShape = z.strictObject({
  path_prefix: text
    .refine(
      (given) => pathPrefix.test(given) && given.length <= 200,
      "must be a path like /millrace, without a slash at its end",
    )
    .optional()
    .describe("of a reverse proxy that does not send `X-Forwarded-Prefix`, such as `/millrace`"),
  allow_plain: z
    .boolean()
    .default(false)
    .describe("`true`: other machines may use it without TLS; passwords and rows can be read on the way"),
  trusted_proxies: z
    .array(text.refine(isNetwork, "must be an address or a network like 10.0.0.0/8"))
    .max(100)
    .default([])
    .describe("reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; usual: none"),
  users: z
    .array(
      z.strictObject({
        name: text.max(63).describe("of an SQL user"),
        role: z
          .enum(consoleRoles, `must be one of ${consoleRoles.join(", ")}`)
          .describe("`viewer`: sees; `operator`: also resyncs and verifies; `admin`: everything"),
      }),
    )
    .default([])
    .describe(
      "roles of SQL users in the console; usual: `admin` is admin, `read-only` is viewer, others have none",
    ),
})

export const consoleKeys = Object.keys(consoleShape.shape)

export const consoleBlock = consoleShape.transform(
  ({ path_prefix: prefix, allow_plain: allowPlain, trusted_proxies: trustedProxies, users }) => ({
    pathPrefix: prefix ?? "",
    allowPlain,
    trustedProxies,
    users,
  }),
)
