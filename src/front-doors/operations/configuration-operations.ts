import { requireAdmin } from "../../control-plane/sql-users/roles.ts"
import type { Operation } from "./operations.ts"

/** What applies, without its secrets. */
export interface ConfigurationReport {
  /** Absolute path of millrace.yaml; null: Millrace was started without one, and there are no sections. */
  file: string | null
  /** Why the file cannot be taken over as it is now, a line each. */
  mistakes: string[]
  /** Keys of the file that have changed since it was read: a reload applies them. */
  reload: string[]
  /** The same of keys that wait for a restart. */
  restart: string[]
  sections: ConfigurationSection[]
}

export interface ConfigurationSection {
  /** Like `sources` or `listen.http`. */
  key: string
  onReload: "applied" | "restart"
  /** The value as YAML; secrets are `(hidden)`, references (`${NAME}`) stay. */
  yaml: string
}

/** The configuration, for whoever administers this Millrace. */
export const configurationOperations: readonly Operation[] = [
  {
    name: "DescribeConfiguration",
    method: "GET",
    path: "/configuration",
    changes: false,
    readers: "admins",
    async run({ configurationReport }, caller) {
      requireAdmin(caller, "see the configuration")
      return configurationReport()
    },
  },
]
