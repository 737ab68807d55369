/** Names the environment variable with the superuser URL of the server that `npm test` shares between all test files. */
export const SHARED_SERVER_VARIABLE = "MILLRACE_TEST_POSTGRES"

/** Names the environment variable with the database on that server that has the tables of Millrace's state. */
export const STATE_TEMPLATE_VARIABLE = "MILLRACE_TEST_STATE_TEMPLATE"
