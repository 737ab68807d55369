import type { Token } from "../../../query/text/tokens.ts"
import type { ChangeText } from "./change-text.ts"
import type { ReturnedColumn } from "./returning.ts"

/** A statement about resources that the port runs itself. */
export type ResourceCommand =
  | ({ kind: "change"; returning: ReturnedColumn[] | undefined; isAwaited: boolean } & { change: ChangeText })
  | { kind: "explain"; change: ChangeText }
  | ExecCommand
  | ShowCommand

/** A call by its method. `columns` are those of the answer; undefined: it has none. */
export type ExecCommand = { kind: "exec" } & (
  | { what: "change"; change: ChangeText; returning: ReturnedColumn[] | undefined; isAwaited: boolean }
  | { what: "read"; query: string; columns: string[] }
)

/** What tells of resources. `pattern` is LIKE's. */
export type ShowCommand =
  | { kind: "showProviders"; pattern: string | undefined }
  | { kind: "showServices"; pattern: string | undefined }
  | { kind: "showResources"; service: string; pattern: string | undefined }
  | { kind: "showMethods"; table: string; pattern: string | undefined }
  | { kind: "showVersion" }
  | { kind: "showInsert"; table: string; isRequiredOnly: boolean }
  | { kind: "describe"; table: string }
  | { kind: "describeMethod"; table: string; method: string }
  | { kind: "sleep"; ms: number }
  | { kind: "nothing"; tag: string }

/** The one that there is. */
export const provider = "awscc"

/** `awscc`, or `aws.cloud_control`. */
export function isProvider(tokens: readonly Token[], at: number): boolean {
  if (isName(tokens[at], provider)) return true
  return isName(tokens[at], "aws") && isName(tokens[at + 2], "cloud_control")
}

function isName(token: Token | undefined, name: string): boolean {
  return (token?.kind === "word" || token?.kind === "quoted") && token.value === name
}
