/** Runs before anything is drawn, so that a page in the dark theme does not flash white. */
import { applyTheme, chosenTheme } from "./theme.ts"

applyTheme(chosenTheme())
