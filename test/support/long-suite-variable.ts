/** Set by the runner: tests of the long suite try something else each time. */
export const LONG_SUITE_VARIABLE = "MILLRACE_LONG_SUITE"
