import { describeFaultsIntoPostgres } from "./into-postgres.ts"

describeFaultsIntoPostgres({})
