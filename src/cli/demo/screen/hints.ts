import { engines } from "../../../server/registries.ts"
import { newConsoleLink } from "../../console-link.ts"
import { demoFolderName } from "../folder.ts"
import type { Millrace } from "../millrace.ts"
import type { Shop } from "../source.ts"
import type { Style } from "./screen.ts"

/** Lines of commands that work as they stand, from the same working directory, for as long as the demo runs. */
export function connectHints(
  { server, configuration: { warehouses } }: Millrace,
  { hints, creation, database }: Pick<Shop, "hints" | "creation"> & { database: string },
  style: Style,
): string[] {
  const { http, sql } = server
  const credentials = `${demoFolderName}/data/credentials`
  const configuration = `${demoFolderName}/millrace.yaml`
  const [shown] = warehouses
  const isDirect = shown !== undefined && engines.warehouses.of(shown).direct !== undefined
  return [
    style.bold("Try it, in another terminal in this folder:"),
    "",
    style.dim("# query the warehouse"),
    isDirect
      ? `psql "$(sed -n 's#^ *url: *\\(postgres.*/\\)[^/]*$#\\1${database}#p' ${configuration} | tail -1)"`
      : `PGPASSWORD=$(sed -n 's/^sql_password *= *//p' ${credentials}) psql -h ${sql.host} -p ${sql.port} -U admin -d ${database}`,
    style.dim("# or change something at the source, and look again"),
    hints.change,
    style.dim("# what the cloud's own command line sees"),
    `AWS_SHARED_CREDENTIALS_FILE=${credentials} aws --profile millrace --endpoint-url http://${http.host}:${http.port} ${creation.api} describe-integrations`,
    style.dim("# without psql and aws"),
    `${program()} status --config ${configuration}`,
    `${program()} sql "${hints.statement}" --database ${database} --config ${configuration}`,
  ]
}

/** The console's address with a link that signs in once; nothing where no link could be made. */
export async function consoleHint({ access, configuration }: Millrace, style: Style): Promise<string[]> {
  const made = await newConsoleLink(access, configuration, {})
  if (typeof made === "string") return []
  const again = `${program()} console-link --config ${demoFolderName}/millrace.yaml`
  return [style.dim(`# the console in a browser, once, for ten minutes; then: ${again}`), made.url]
}

function program(): string {
  return import.meta.url.endsWith(".ts") ? "bin/millrace" : "npx millrace"
}
