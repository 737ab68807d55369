import { describeJobs } from "./jobs-suite.ts"

describeJobs("postgres")
