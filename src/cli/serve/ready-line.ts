import { type HostPort, httpUnencrypted, type ListenTls } from "../../domain/configuration.ts"
import { allRoles, type Roles, rolesText } from "../../server/roles.ts"

/** `millrace ready: http http://127.0.0.1:5440 sql postgres://127.0.0.1:5439`, with what of it this process has. */
export function readyLine(
  { http, sql }: { http?: HostPort; sql?: HostPort },
  { roles = allRoles, tls }: { roles?: Roles; tls?: ListenTls | undefined } = {},
): string {
  const ports = [
    ...(http === undefined
      ? []
      : [`http ${httpUnencrypted(tls) === "anywhere" ? "http" : "https"}://${place(http)}`]),
    ...(sql === undefined ? [] : [`sql postgres://${place(sql)}`]),
  ]
  return `millrace ready: ${ports.length === 0 ? rolesText(roles) : ports.join(" ")}`
}

function place({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`
}
