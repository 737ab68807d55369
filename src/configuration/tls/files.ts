import { statSync } from "node:fs"
import { systemCode } from "../setup-error.ts"
import { intrusion } from "../trust/trusted-path.ts"
import type { TlsSettings } from "./settings.ts"

/**
 * Why a file of these settings may not be used; undefined: none is. Whoever writes the authorities' file can stand between us and
 * the server, whoever reads the key can come as us. A file that is not there is told when it is read.
 */
export function tlsFileOfOthers({ ca, cert, key }: Partial<TlsSettings>): string | undefined {
  for (const path of [ca, cert, key]) {
    const others = path === undefined || path === "system" ? undefined : intrusion(path)
    if (others !== undefined) return others
  }
  return key !== undefined && isOpenToAll(key)
    ? `${key} is open to every user: run chmod o-rwx on it`
    : undefined
}

function isOpenToAll(path: string): boolean {
  if (process.platform === "win32") return false
  try {
    return (statSync(path).mode & 0o007) !== 0
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return false
  }
}
