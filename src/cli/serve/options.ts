import { type Configuration, logFormats } from "../../domain/configuration.ts"
import { configured } from "../configured.ts"
import { misused } from "../operate.ts"

/** As the command line gives them. */
export interface ServeOptions {
  config: string | undefined
  /** Goes before `log.format` of the configuration. */
  logFormat: string | undefined
}

/** The configuration to serve by, or `undefined` after saying on standard error what is wrong. */
export function configuredToServe({ config, logFormat }: ServeOptions): Configuration | undefined {
  const format = logFormats.find((known) => known === logFormat)
  if (logFormat !== undefined && format === undefined) {
    misused(`--log-format is one of ${logFormats.join(", ")}.`)
    return undefined
  }
  const configuration = configured(config)
  if (configuration === undefined || format === undefined) return configuration
  return { ...configuration, log: { ...configuration.log, format } }
}
