import { testWarehouse } from "../../support/pipeline.ts"
import { postgresCell } from "./postgres-cell.ts"
import { describeFaults } from "./suite.ts"

const home = testWarehouse()

describeFaults("PostgreSQL", undefined, (context) => postgresCell(context, home))
