import { describeFaultsIntoPostgres } from "./into-postgres.ts"

// All the others are in into-postgres.long.test.ts.
describeFaultsIntoPostgres({ only: [["applied", "doneUnsaid"]] })
