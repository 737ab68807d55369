/** Names the environment variable with the superuser URL of the server that `npm test` shares between all test files. */
export const SHARED_SERVER_VARIABLE = "MILLRACE_TEST_POSTGRES"
