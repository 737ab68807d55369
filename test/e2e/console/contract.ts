/** Does not compile when the console reads an answer that the server does not give: what comes is what the pages take. */
import type * as shown from "../../../console/src/api/types.ts"
import type { DryRunReport, FilterCheck } from "../../../src/control-plane/integrations/dry-run.ts"
import type { ResyncOrdered } from "../../../src/control-plane/pipelines/resync.ts"
import type { StatusReport } from "../../../src/control-plane/pipelines/status.ts"
import type { VerificationReport } from "../../../src/control-plane/pipelines/verification-report.ts"
import type { ProcessReport } from "../../../src/control-plane/processes/process-report.ts"
import type { ConfigurationReport } from "../../../src/front-doors/operations/configuration-operations.ts"

type Fits<Given extends Taken, Taken> = Given

/** Each is the server's type, which must be one that the pages can read. */
export interface Contract {
  status: Fits<StatusReport, shown.StatusReport>
  resync: Fits<ResyncOrdered, shown.ResyncOrdered>
  dryRun: Fits<DryRunReport, shown.DryRunReport>
  filterCheck: Fits<FilterCheck["mistakes"], shown.FilterMistake[]>
  processes: Fits<ProcessReport, shown.ProcessReport>
  configuration: Fits<ConfigurationReport, shown.ConfigurationReport>
  verification: Fits<VerificationReport, shown.VerificationReport>
}
