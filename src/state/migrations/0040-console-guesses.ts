import type { Migration } from "../migrate.ts"

/**
 * Attempts to sign in to the console that were not right, by user and network. Unlogged: after a crash of the server everybody
 * begins anew, which lets a guesser try once more in a long time.
 */
export const consoleGuesses: Migration = {
  number: 40,
  name: "console guesses",
  statements: [
    `create unlogged table millrace.console_guesses (
       key text primary key,
       wrong integer not null,
       at_most integer not null,
       until timestamptz not null
     )`,
    `create index console_guesses_until on millrace.console_guesses (until)`,
  ],
}
